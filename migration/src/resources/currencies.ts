import type { State } from '@banyan/kit/import';
import { MigrationError } from '../errors.ts';
import { unlessOwnedElsewhere } from './not-owner.ts';
import { type Resource, timeText } from './resource.ts';
import { apiMoment } from './shop-events.ts';

type CurrencyRow = Readonly<Record<string, unknown>> & { id: string };

/** Rows with their members in the order of names, so that equal rows are equal texts. */
const listIn = (state: State | null): CurrencyRow[] =>
  ((state?.currencies ?? []) as CurrencyRow[]).map(
    (row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))) as CurrencyRow,
  );

/** A currency as the API shows it. */
function shown(one: CurrencyRow, publicUrl: string): object {
  const { id, code, exchange_rate, format, decimal_point, thousand_separator, decimal_places, is_default, enabled } =
    one;
  const timestamps = { created_at: apiMoment(one.created_at), updated_at: apiMoment(one.updated_at) };
  return {
    ...{ id, type: 'currency', code, exchange_rate, format, decimal_point, thousand_separator, decimal_places },
    ...{ default: is_default, enabled, links: { self: `${publicUrl}/v2/currencies/${id}` }, meta: { timestamps } },
  };
}

/** Currencies: all rows are one aggregate, because a default that moves is a change of two. Prices belong to products. */
export const currencies: Resource = {
  name: 'currencies',
  group: 'currencies',
  service: 'currencies',
  route: 'currencies',
  summary: 'Currencies of the store, as a whole',
  entities: ['currency'],
  tables: [
    {
      name: 'currencies',
      key: null,
      columns: [
        ...['id', 'code', 'exchange_rate', 'format', 'decimal_point', 'thousand_separator', 'decimal_places'],
        ...['enabled', 'is_default', 'created_at', 'updated_at'],
      ],
    },
  ],
  states: `
    select 'currencies' as key, jsonb_build_object('currencies', jsonb_agg(jsonb_build_object(
      'id', id, 'code', code, 'exchange_rate', exchange_rate, 'format', format, 'decimal_point', decimal_point,
      'thousand_separator', thousand_separator, 'decimal_places', decimal_places, 'enabled', enabled,
      'is_default', is_default, 'created_at', ${timeText('created_at')}, 'updated_at', ${timeText('updated_at')})
      order by created_at, id)) as state
    from currencies where 'currencies' = any($1::text[]) having count(*) > 0`,
  keys: `
    select 'currencies' as key
    where ($1::text is null or $1 < 'currencies' collate "C") and exists (select from currencies) limit $2`,
  count: 'select count(*)::int as count from (select from currencies limit 1) as one',
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    const change = changes.find(({ key }) => key === 'currencies');
    if (change === undefined) return;
    // There is always a default. A service that has lost its store must not take the prices along.
    if (change.state === null) throw new MigrationError('not_equal', 'the service has no currencies at all');
    const { currencies: rows } = change.state as { currencies: readonly { id: string }[] };
    // All rows leave before they come back: two that swap their codes would stand in each other's way.
    const { rows: before } = await db.query<{ id: string; code: string }>(
      'delete from currencies returning id::text as id, code',
    );
    await db.query(
      `insert into currencies (id, code, exchange_rate, format, decimal_point, thousand_separator, decimal_places, enabled,
                               is_default, created_at, updated_at)
       select * from jsonb_to_recordset($1::jsonb) as row(
         id uuid, code text, exchange_rate double precision, format text, decimal_point text, thousand_separator text,
         decimal_places integer, enabled boolean, is_default boolean, created_at timestamptz, updated_at timestamptz)`,
      [JSON.stringify(rows)],
    );
    const kept = new Set(rows.map(({ id }) => id));
    const gone = before.filter(({ id }) => !kept.has(id)).map(({ code }) => code);
    if (gone.length === 0) return;
    // The prices in a deleted currency go with it, as they do when the monolith deletes it, and in this transaction, because
    // the next one would not know any more which currencies there were. They are products': an ordinary write.
    await db.query('set local session_replication_role = origin');
    await unlessOwnedElsewhere(db, () =>
      db.query('delete from product_prices where currency = any($1::text[])', [gone]),
    );
    await db.query('set local session_replication_role = replica');
  },
  factsOf: async (_db, changes, publicUrl) => {
    const [change] = changes;
    if (change === undefined || change.state === null) return [];
    const { version } = change;
    const was = new Map(listIn(change.before).map((one) => [one.id, one]));
    const are = listIn(change.state);
    const gone = [...was.keys()].filter((id) => !are.some((one) => one.id === id));
    return [
      ...gone.map((id) => ({ key: 'currency.deleted', entityId: id, version, resources: { type: 'currency', id } })),
      ...are.flatMap((one) => {
        const before = was.get(one.id);
        if (JSON.stringify(before) === JSON.stringify(one)) return [];
        return [
          {
            key: before ? 'currency.updated' : 'currency.created',
            entityId: one.id,
            version,
            resources: { data: shown(one, publicUrl) },
          },
        ];
      }),
    ];
  },
  // The aggregate is never deleted: there is always a default.
  afterDelete: async () => {},
};
