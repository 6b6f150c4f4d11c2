import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { digestOf, type State } from '@banyan/kit/import';
import { attachedTo } from '../testing/attached.ts';
import { createTestMonolith, type TestMonolith } from '../testing/monolith.ts';
import { currencies } from './currencies.ts';

interface One {
  id: string;
  code: string;
  is_default: boolean;
}
type All = { currencies: One[] };

describe('the currencies in the monolith', () => {
  let monolith: TestMonolith;
  before(async () => {
    monolith = await createTestMonolith();
  });
  after(() => monolith?.drop());
  const attached = attachedTo(() => monolith, currencies);
  beforeEach(attached.attach);
  afterEach(async () => {
    await attached.release();
    await monolith.query("delete from currencies where code <> 'USD'");
    await monolith.query("update currencies set is_default = true, enabled = true where code = 'USD'");
    await monolith.query('delete from products');
  });

  const state = async (): Promise<All> => {
    const states = await attached.states('currencies', 'others');
    assert.deepEqual([...states.keys()], ['currencies']);
    return states.get('currencies') as unknown as All;
  };
  const add = (code: string, rate = 1) =>
    monolith.query("insert into currencies (code, exchange_rate, format) values ($1, $2, '{price}')", [code, rate]);
  const { follow } = attached;
  const apply = (given: All | null) => attached.bringBack('currencies', given as unknown as State | null);
  const product = async (...codes: string[]): Promise<string> => {
    const name = randomUUID();
    const [row] = await monolith.query<{ id: string }>(
      `insert into products (name, slug, sku, manage_stock, commodity_type) values ($1, $1, $1, false, 'digital') returning id`,
      [name],
    );
    await monolith.query(
      'insert into product_prices (product_id, currency, amount) select $1, unnest($2::text[]), 100',
      [row?.id, codes],
    );
    return row?.id ?? '';
  };
  const prices = async (id: string) =>
    (
      await monolith.query<{ currency: string }>(
        'select currency from product_prices where product_id = $1 order by currency',
        [id],
      )
    ).map(({ currency }) => currency);

  test('are one aggregate, in the order of creation and then of ids', async () => {
    for (const code of ['SEK', 'AUD']) await add(code);
    const ids = ['ffffffff-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000000'];
    await monolith.query(
      `insert into currencies (id, code, format, created_at)
       values ($1, 'LST', '{price}', '2099-01-01'), ($2, 'TWN', '{price}', '2099-01-01')`,
      ids,
    );
    const all = await state();
    assert.deepEqual(
      all.currencies.map(({ code }) => code),
      ['USD', 'SEK', 'AUD', 'TWN', 'LST'],
    );
    const keys = (...values: unknown[]) => monolith.query<{ key: string }>(currencies.keys, values);
    assert.deepEqual(await keys(null, 10), [{ key: 'currencies' }]);
    assert.deepEqual(await keys('currencies', 10), []);
    assert.deepEqual(await monolith.query(currencies.count), [{ count: 1 }]);
  });

  test('every change notes the whole, and nothing else', async () => {
    await add('EUR');
    await monolith.query("update currencies set exchange_rate = 2, id = gen_random_uuid() where code = 'EUR'");
    await monolith.query("delete from currencies where code = 'EUR'");
    const notes = await monolith.query('select resource, key from migration.notes');
    assert.deepEqual(notes, Array(3).fill({ resource: 'currencies', key: 'currencies' }));
  });

  test('come back as they went, to the microsecond and the last digit of a rate', async () => {
    for (const [n, rate] of [5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e-7, 1e21].entries()) {
      await add(`AA${'ABCDE'[n]}`, rate);
    }
    const all = await state();
    await follow();
    assert.equal(await apply(JSON.parse(JSON.stringify(all))), 1);
    assert.equal(digestOf('', (await state()) as unknown as State), digestOf('', all as unknown as State));
    assert.deepEqual(
      await monolith.query('select from migration.notes'),
      Array(6 - 1).fill({}),
      'only those of adding',
    );
  });

  test('swap their codes and move the default in one step', async () => {
    await add('EUR');
    const [usd, eur] = (await state()).currencies as [One, One];
    await follow();
    const swapped = [
      { ...usd, code: 'EUR', is_default: false },
      { ...eur, code: 'USD', is_default: true },
    ];
    await apply({ currencies: swapped });
    assert.deepEqual((await state()).currencies, swapped);
  });

  test('a deleted currency takes the prices in it along, and no other price', async () => {
    await add('EUR');
    const id = await product('EUR', 'USD', 'XAU');
    const [usd] = (await state()).currencies as [One];
    await follow();
    await monolith.query('create table fired (op text)');
    await monolith.query(
      `create function note_fired() returns trigger language plpgsql as
       $$ begin insert into fired values (tg_op || ' ' || old.currency); return null; end $$`,
    );
    await monolith.query(
      'create trigger fires after delete on product_prices for each row execute function note_fired()',
    );
    await apply({ currencies: [usd] });
    assert.deepEqual(await prices(id), ['USD', 'XAU']);
    assert.deepEqual(
      await monolith.query('select op from fired'),
      [{ op: 'DELETE EUR' }],
      'an ordinary write of products',
    );
    await monolith.query('drop trigger fires on product_prices');
    await monolith.query('drop function note_fired');
    await monolith.query('drop table fired');
  });

  test('prices that a service owns are left to it, and the currencies come back all the same', async () => {
    await add('EUR');
    const id = await product('EUR');
    const [usd] = (await state()).currencies as [One];
    await follow();
    await monolith.query(
      `create function not_ours() returns trigger language plpgsql as
       $$ begin raise exception 'the service owns them' using errcode = 'BN421'; end $$`,
    );
    await monolith.query(
      'create trigger fence before delete on product_prices for each row execute function not_ours()',
    );
    await apply({ currencies: [usd] });
    assert.deepEqual((await state()).currencies, [usd]);
    assert.deepEqual(await prices(id), ['EUR']);
    await monolith.query('drop trigger fence on product_prices');
    await monolith.query('drop function not_ours');
  });

  test('a currency that is made again under its code has no old prices; a code that changes leaves prices alone', async () => {
    await add('EUR');
    await add('GBP');
    const id = await product('EUR', 'GBP');
    const [usd, eur, gbp] = (await state()).currencies as [One, One, One];
    await follow();
    await apply({ currencies: [usd, { ...eur, code: 'CHF' }, gbp] });
    assert.deepEqual(await prices(id), ['EUR', 'GBP']);
    await apply({ currencies: [usd, { ...eur, code: 'CHF' }, { ...gbp, id: randomUUID() }] });
    assert.deepEqual(await prices(id), ['EUR']);
  });

  test('of a price that is written meanwhile, nothing fails: it goes or it stays', async () => {
    await add('EUR');
    const id = await product('USD');
    const [usd] = (await state()).currencies as [One];
    await follow();
    const writer = await monolith.pool.connect();
    await writer.query('begin');
    await writer.query("insert into product_prices (product_id, currency, amount) values ($1, 'EUR', 5)", [id]);
    await apply({ currencies: [usd] });
    await writer.query('commit');
    writer.release();
    assert.deepEqual(await prices(id), ['EUR', 'USD'], 'it was committed after the currency went, as in the monolith');
  });

  test('a service without any currencies deletes none here, and no price', async () => {
    const id = await product('USD');
    await follow();
    await assert.rejects(apply(null), /no currencies at all/);
    assert.equal((await state()).currencies.length, 1);
    assert.deepEqual(await prices(id), ['USD']);
  });

  test('are written by their owner only', async () => {
    await follow();
    await assert.rejects(add('EUR'), { code: 'BN421' });
    await assert.rejects(monolith.query("update currencies set format = 'x{price}'"), { code: 'BN421' });
  });
});
