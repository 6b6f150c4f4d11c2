import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { entriesOf, flows, makeFlowOfEntries } from '../support/kinds/flows.ts';
import { Ledger } from '../support/ledger.ts';
import { Migrator } from '../support/migrator.ts';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { Shop, type Shown } from '../support/shop.ts';
import { until } from '../support/until.ts';

/** What a stop of the way is held for. By count, not by time. */
const atEachStop = { writes: 30, fields: 4 };

let platform: Platform;
let migrator: Migrator;
before(async () => {
  platform = await startPlatform('monolith', { only: ['auth', 'brands', 'flows'], accompanied: true });
  migrator = new Migrator(platform);
});
after(() => platform?.stop());

test('flows move to their service and back under load, and each write of an entity knows the field that was just added', async () => {
  const { access_token: token } = await askToken(platform.edge, platform.client);
  const edge = new Shop(platform.edge, token);
  await makeFlowOfEntries(edge, 'ledger-entries');
  const ledgers = [
    new Ledger({ shop: edge, kind: flows }),
    new Ledger({ shop: edge, kind: entriesOf('ledger-entries') }),
  ];
  const faults: string[] = [];
  let fields = 0;
  let moving = true;
  const going = () => moving && faults.length + ledgers.flatMap((ledger) => ledger.faults).length === 0;
  const acknowledged = () => ledgers.reduce((sum, ledger) => sum + ledger.acknowledged.length, 0);
  const must = (what: string, { status, body }: Shown, wanted: number) => {
    if (status === wanted) return body;
    faults.push(`${what}: ${status} ${JSON.stringify(body)?.slice(0, 300)}`);
    throw new Error(what);
  };
  const post = async (path: string, data: object) =>
    must(`POST ${path}`, await edge.send({ method: 'POST', path, data }), 201).data;

  /** Adds a field, writes it at once, sets it by the flow's id, and deletes it, for brands and for products. */
  const addFields = async (kind: 'brands' | 'products', made: () => object) => {
    const found = await edge.get(`/v2/flows/${kind}`);
    const flow =
      found.body.data ??
      (await post('/v2/flows', { type: 'flow', name: kind, slug: kind, description: '', enabled: true }));
    for (let value = 1; going(); value += 2) {
      const slug = `f${randomUUID().slice(0, 8)}`;
      const field = await post('/v2/fields', {
        ...{ type: 'field', name: slug, slug, field_type: 'integer', description: '', required: false },
        relationships: { flow: { data: { type: 'flow', id: flow.id } } },
      });
      const entity = await post(`/v2/${kind}`, { ...made(), [slug]: value });
      if (entity[slug] !== value) faults.push(`${kind} do not know ${slug} at once: ${JSON.stringify(entity)}`);
      const one = `/v2/flows/${flow.id}/entries/${entity.id}`;
      const put = await edge.send({ method: 'PUT', path: one, data: { type: 'entry', [slug]: value + 1 } });
      if (must(`PUT ${one}`, put, 200).data[slug] !== value + 1) faults.push(`${one} lacks ${slug}`);
      const shown = must(entity.id, await edge.get(`/v2/${kind}/${entity.id}`), 200).data;
      if (shown[slug] !== value + 1) faults.push(`${kind} show ${shown[slug]} for ${value + 1}`);
      must('DELETE', await edge.send({ method: 'DELETE', path: `/v2/fields/${field.id}` }), 204);
      fields += 1;
    }
  };
  const brand = () => ({ type: 'brand', name: 'B', slug: randomUUID() });
  const product = () => ({
    ...{ type: 'product', name: 'P', slug: randomUUID(), sku: randomUUID(), description: '', manage_stock: false },
    ...{ price: [], commodity_type: 'digital' },
  });
  const clients = [
    ...ledgers.flatMap((ledger) => [ledger.write(0, going), ledger.write(1, going)]),
    addFields('brands', brand).catch(() => {}),
    addFields('products', product).catch(() => {}),
  ];
  const dwell = async (where: string) => {
    const goal = { writes: acknowledged() + atEachStop.writes, fields: fields + atEachStop.fields };
    const isEnough = () => acknowledged() >= goal.writes && fields >= goal.fields;
    await until(`writes ${where}`, () => !going() || isEnough(), { limitMs: 120_000 });
    assert.deepEqual([...faults, ...ledgers.flatMap((ledger) => ledger.faults)], [], where);
    await migrator.mustBeEqual('flows', where);
  };

  try {
    await migrator.backfill('brands');
    await migrator.switchTo('brands', 'service');
    await migrator.backfill('flows');
    await dwell('on the monolith, with the service in step');
    await migrator.shift('flows/reads', 'flows');
    await dwell('on the monolith, with the reads on the service');
    await migrator.switchTo('flows', 'service');
    await dwell('on the service');
    await migrator.shift('flows/reads', 'monolith');
    await dwell('on the service, with the reads on the monolith');
    await migrator.switchTo('flows', 'monolith');
    await dwell('back on the monolith');
    await migrator.switchTo('flows', 'service');
    await dwell('on the service again');
  } finally {
    moving = false;
    await Promise.all(clients);
  }
  assert.deepEqual([...faults, ...ledgers.flatMap((ledger) => ledger.faults)], []);
  for (const ledger of ledgers) assert.deepEqual(await ledger.compare(), []);
});
