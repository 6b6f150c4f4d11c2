import Type, { type Static } from '@banyan/kit/typebox';
import { languages } from './languages.ts';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
export const paths = {
  settings: '/v2/settings',
  /** For services, with the credentials of introspection: `data` is `PeerSettings`. No client of the API can read it. */
  forPeers: '/internal/settings',
} as const;

/** `data` of PUT /v2/settings: members that are absent keep their value, and others are ignored. */
export const SettingsChange = Type.Object({
  type: Type.Optional(Type.Literal('settings')),
  page_length: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  list_child_products: Type.Optional(Type.Boolean()),
  /** ISO 639-1, in small letters. The order is kept. */
  additional_languages: Type.Optional(Type.Array(Type.Enum([...languages]), { maxItems: 5 })),
  calculation_method: Type.Optional(Type.Enum(['simple', 'line'])),
});
export type SettingsChange = Static<typeof SettingsChange>;

/** The settings in replies. */
export interface SettingsView {
  type: 'settings';
  /** Records on a page of a list, if the request does not say it. */
  page_length: number;
  /** Whether lists of products show the children of products. */
  list_child_products: boolean;
  additional_languages: readonly string[];
  calculation_method: 'simple' | 'line';
  /** Read-only: how many currencies a store has at most. */
  currency_limit: number;
}

/** What other services need for their lists and prices. */
export interface PeerSettings {
  page_length: number;
  calculation_method: 'simple' | 'line';
}

/** The fact about the settings, with the version of its schema, which only ever grows. They are never made or deleted. */
export const events = {
  updated: { type: 'settings.updated', version: 1 },
} as const;

/** The state that `settings.updated` carries. */
export interface SettingsFact {
  data: SettingsView;
}
