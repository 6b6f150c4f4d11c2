import { Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import type { Queryable } from '@banyan/kit/sqlite';
import Type, { type Static } from '@banyan/kit/typebox';
import type { Settings } from './domain.ts';
import { readSettings, writeSettings } from './rows.ts';

/** The key of the one aggregate. */
export const settingsKey = 'settings';

/** The settings as they travel. */
const SettingsState = Type.Object({
  page_length: Type.Integer({ minimum: 1, maximum: 100 }),
  list_child_products: Type.Boolean(),
  additional_languages: Type.Array(Type.String({ pattern: '^[a-z]{2}$' }), { maxItems: 5 }),
  calculation_method: Type.Enum(['simple', 'line']),
  updated_at: Moment,
});
type SettingsState = Static<typeof SettingsState>;

/** How the settings move between the monolith and this service. Transitional. */
export const settingsImport: MovedResource<Queryable, SettingsState> = {
  name: 'settings',
  group: 'settings',
  schema: SettingsState,
  apply: async (tx, changes) => {
    for (const { key, state } of changes) {
      if (key === settingsKey) await writeSettings(tx, state && settingsIn(state));
    }
  },
  read: async (tx, keys) => {
    const settings = keys.includes(settingsKey) ? await readSettings(tx) : null;
    return settings === null ? new Map() : new Map([[settingsKey, stateOf(settings)]]);
  },
  keys: async (tx, { after, to, limit }) => {
    const isInRange = (after === null || settingsKey > after) && (to === null || settingsKey <= to) && limit > 0;
    return isInRange && (await readSettings(tx)) !== null ? [settingsKey] : [];
  },
  displaced: async () => 0,
};

const settingsIn = (state: SettingsState): Settings => ({
  pageLength: state.page_length,
  listChildProducts: state.list_child_products,
  additionalLanguages: state.additional_languages,
  calculationMethod: state.calculation_method,
  updatedAt: microsIn(state.updated_at),
});

const stateOf = (settings: Settings): SettingsState => ({
  page_length: settings.pageLength,
  list_child_products: settings.listChildProducts,
  additional_languages: [...settings.additionalLanguages],
  calculation_method: settings.calculationMethod,
  updated_at: momentOf(settings.updatedAt),
});
