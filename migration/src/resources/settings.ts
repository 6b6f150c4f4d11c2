import type { State } from '@banyan/kit/import';
import { MigrationError } from '../errors.ts';
import { type Resource, timeText } from './resource.ts';

/** Members in the order of names, so that equal states are equal texts. */
const textOf = (state: State | null) =>
  JSON.stringify(Object.entries(state ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The settings as the API shows them. */
const shown = ({ page_length, list_child_products, additional_languages, calculation_method }: State) => ({
  ...{ type: 'settings', page_length, list_child_products, additional_languages, calculation_method },
  currency_limit: 10,
});

/** The settings of the store: one row, and one aggregate. */
export const settings: Resource = {
  name: 'settings',
  group: 'settings',
  service: 'settings',
  route: 'settings',
  summary: 'Settings of the store, as a whole',
  entities: ['settings'],
  tables: [
    {
      name: 'settings',
      key: null,
      columns: [
        ...['one_row', 'page_length', 'list_child_products', 'additional_languages', 'calculation_method'],
        'updated_at',
      ],
    },
  ],
  states: `
    select 'settings' as key, jsonb_build_object(
      'page_length', page_length, 'list_child_products', list_child_products,
      'additional_languages', to_jsonb(additional_languages), 'calculation_method', calculation_method,
      'updated_at', ${timeText('updated_at')}) as state
    from settings where 'settings' = any($1::text[])`,
  keys: `
    select 'settings' as key
    where ($1::text is null or $1 < 'settings' collate "C") and exists (select from settings) limit $2`,
  count: 'select count(*)::int as count from settings',
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    const change = changes.find(({ key }) => key === 'settings');
    if (change === undefined) return;
    // Every list of the monolith reads them. A service that has lost its store must not take them along.
    if (change.state === null) throw new MigrationError('not_equal', 'the service has no settings at all');
    await db.query(
      `insert into settings (page_length, list_child_products, additional_languages, calculation_method, updated_at)
       select * from jsonb_to_record($1::jsonb) as row(
         page_length integer, list_child_products boolean, additional_languages text[], calculation_method text,
         updated_at timestamptz)
       on conflict (one_row) do update set
         page_length = excluded.page_length, list_child_products = excluded.list_child_products,
         additional_languages = excluded.additional_languages, calculation_method = excluded.calculation_method,
         updated_at = excluded.updated_at`,
      [JSON.stringify(change.state)],
    );
  },
  factsOf: async (_db, changes) =>
    changes.flatMap(({ version, state, before }) => {
      if (state === null || textOf(before) === textOf(state)) return [];
      return [{ key: 'settings.updated', entityId: 'settings', version, resources: { data: shown(state) } }];
    }),
  // The aggregate is never deleted.
  afterDelete: async () => {},
};
