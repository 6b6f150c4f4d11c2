import type { Micros } from '@banyan/kit/api';
import type { PeerSettings, SettingsChange, SettingsView } from './contract.ts';

/** The settings of the store. They are there from the start, and they are never deleted. */
export interface Settings {
  /** From 1 to 100. */
  pageLength: number;
  listChildProducts: boolean;
  /** Codes of ISO 639-1, at most five, in the order in which they were given. */
  additionalLanguages: readonly string[];
  calculationMethod: 'simple' | 'line';
  updatedAt: Micros;
}

/** The most currencies of a store. The currencies have this limit; the settings only show it. */
const currencyLimit = 10;

/** The settings of a new store. */
export function firstSettings(now: Micros): Settings {
  return {
    ...{ pageLength: 100, listChildProducts: true, additionalLanguages: [], calculationMethod: 'simple' },
    updatedAt: now,
  };
}

/** The settings with the members of `change`. The others keep their value. */
export function withChanged(before: Settings, change: SettingsChange, now: Micros): Settings {
  return {
    pageLength: change.page_length ?? before.pageLength,
    listChildProducts: change.list_child_products ?? before.listChildProducts,
    additionalLanguages: change.additional_languages ?? before.additionalLanguages,
    calculationMethod: change.calculation_method ?? before.calculationMethod,
    // Each change is told once, also by the side that the settings come back to: no two states may be the same.
    updatedAt: Math.max(now, before.updatedAt + 1),
  };
}

/** The settings in the form of the API. */
export function settingsView(settings: Settings): SettingsView {
  return {
    type: 'settings',
    page_length: settings.pageLength,
    list_child_products: settings.listChildProducts,
    additional_languages: settings.additionalLanguages,
    calculation_method: settings.calculationMethod,
    currency_limit: currencyLimit,
  };
}

/** What other services ask for. */
export const forPeers = ({ pageLength, calculationMethod }: Settings): PeerSettings => ({
  page_length: pageLength,
  calculation_method: calculationMethod,
});
