import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { objectOf } from '../api/body.ts';
import { checker } from '../api/validate.ts';
import { inTransaction } from '../db.ts';
import { recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import { languages } from './languages.ts';
import { loadSettings, maxPageLength, type Settings, saveSettings } from './store.ts';

// Members that are not listed are read-only: writes to them are ignored.
const SettingsChange = Type.Object({
  type: Type.Optional(Type.Literal('settings')),
  page_length: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPageLength })),
  list_child_products: Type.Optional(Type.Boolean()),
  additional_languages: Type.Optional(Type.Array(Type.Enum([...languages]), { maxItems: 5 })),
  calculation_method: Type.Optional(Type.Enum(['simple', 'line'])),
});

const check = checker(SettingsChange);

/** `/v2/settings`. */
export function settingsRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/settings', async () => ({ data: settingsView(await loadSettings(shop.db)) }));
  app.put('/v2/settings', async (request) => {
    const change = changeOf(check(objectOf(request.body)));
    return inTransaction(shop.db, async (db) => {
      const settings = { data: settingsView(await saveSettings(db, change)) };
      await recordEvent(db, shop.now(), 'settings.updated', 'settings', settings);
      return settings;
    });
  });
}

function changeOf(data: Static<typeof SettingsChange>): Partial<Settings> {
  const { page_length, list_child_products, additional_languages, calculation_method } = data;
  return {
    ...(page_length !== undefined && { pageLength: page_length }),
    ...(list_child_products !== undefined && { listChildProducts: list_child_products }),
    ...(additional_languages !== undefined && { additionalLanguages: additional_languages }),
    ...(calculation_method !== undefined && { calculationMethod: calculation_method }),
  };
}

function settingsView(settings: Settings) {
  return {
    type: 'settings',
    page_length: settings.pageLength,
    list_child_products: settings.listChildProducts,
    additional_languages: settings.additionalLanguages,
    calculation_method: settings.calculationMethod,
    currency_limit: 10,
  };
}
