import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brands } from '../support/kinds/groups.ts';
import { settings } from '../support/kinds/settings.ts';
import { Ledger } from '../support/ledger.ts';
import type { Asked, Shop, Shown } from '../support/shop.ts';

/** A shop that keeps brands, and makes of each request what `happens` says. */
class FakeShop {
  readonly names = new Map<string, { slug: string; name: string }>();
  happens: (asked: Asked, act: () => Shown) => Shown = (_asked, act) => act();

  async send(asked: Asked): Promise<Shown> {
    await null;
    return this.happens(asked, () => this.#act(asked));
  }

  get(path: string): Promise<Shown> {
    return this.send({ method: 'GET', path });
  }

  #act({ method, path, data }: Asked): Shown {
    const id = path.split('/')[3] ?? '';
    const given = data as { slug: string; name: string } | undefined;
    if (path.includes('page[')) return { status: 200, body: { data: [...this.names.values()] } };
    if (method === 'POST' && given) {
      const made = String(this.names.size + 1);
      this.names.set(made, { slug: given.slug, name: given.name });
      return { status: 201, body: { data: { id: made } } };
    }
    const found = this.names.get(id);
    if (!found) return { status: 404, body: null };
    if (method === 'DELETE') this.names.delete(id);
    if (method === 'PUT' && given) found.name = given.name;
    return { status: 200, body: { data: { ...found } } };
  }
}

/** One client that writes for some requests. */
async function written(tolerant: boolean, happens: FakeShop['happens']) {
  const fake = new FakeShop();
  let requests = 0;
  fake.happens = (asked, act) => {
    requests += 1;
    return happens(asked, act);
  };
  const ledger = new Ledger({ shop: fake as unknown as Shop, kind: brands, tolerant });
  await ledger.write(1, () => requests < 40);
  fake.happens = (_asked, act) => act();
  return { ledger, fake };
}

const down: Shown = { status: 503, body: null };

test('a shop that does what it says has no faults', async () => {
  const { ledger } = await written(false, (_asked, act) => act());
  assert.deepEqual([ledger.faults, await ledger.compare()], [[], []]);
  assert.ok(ledger.acknowledged.length > 10);
});

test('a read of what is older, a write that was acknowledged and is not there, and a twin are told', async () => {
  const stale = await written(false, ({ method }, act) => {
    const reply = act();
    return method === 'GET' ? { ...reply, body: { data: { name: 'older 0' } } } : reply;
  });
  assert.match(stale.ledger.faults[0] ?? '', /^read, brands: .* is 0, not 1$/);
  const lost = await written(true, ({ method }, act) => (method === 'PUT' ? { status: 200, body: null } : act()));
  assert.match(lost.ledger.faults[0] ?? '', /is 1, not 2$/);
  assert.match((await lost.ledger.compare())[0] ?? '', /is 1, not \d$/);
  const { ledger, fake } = await written(false, (_asked, act) => act());
  fake.names.set('twin', { ...[...fake.names.values()][0]! });
  assert.match((await ledger.compare())[0] ?? '', /is there 2 times$/);
});

test('a failure is a fault, or in an outage a write that may have happened', async () => {
  const strict = await written(false, ({ method }, act) => (method === 'PUT' ? down : act()));
  assert.match(strict.ledger.faults[0] ?? '', /^PUT .*: 503/);
  for (const happened of [true, false]) {
    const { ledger } = await written(true, ({ method }, act) => {
      if (method !== 'PUT') return act();
      if (happened) act();
      return down;
    });
    assert.deepEqual([ledger.faults, await ledger.compare()], [[], []]);
    assert.ok(ledger.unknown > 0);
  }
  const refused = await written(true, ({ method }, act) => (method === 'PUT' ? { status: 422, body: null } : act()));
  assert.match(refused.ledger.faults[0] ?? '', /422/);
});

test('of what there is once, the first client alone is the writer, and a value is read back digit by digit', async () => {
  let languages: string[] = [];
  let requests = 0;
  const shop = {
    send: async ({ method, data }: Asked): Promise<Shown> => {
      await null;
      requests += 1;
      if (method === 'PUT') languages = (data as { additional_languages: string[] }).additional_languages;
      return { status: 200, body: { data: { additional_languages: languages } } };
    },
    get: (path: string) => shop.send({ method: 'GET', path }),
  };
  const ledger = new Ledger({ shop: shop as unknown as Shop, kind: settings });
  await ledger.write(1, () => requests < 40);
  assert.equal(requests, 0);
  await ledger.write(0, () => requests < 240);
  assert.deepEqual([ledger.faults, languages.length], [[], 3]);
  assert.deepEqual(await ledger.compare(), []);
  languages = languages.toReversed();
  assert.match((await ledger.compare())[0] ?? '', /^settings: settings is \d+, not 120$/);
});
