import { carts } from './carts.ts';
import { currencies } from './currencies.ts';
import { customers } from './customers.ts';
import { files } from './files.ts';
import { flows } from './flows.ts';
import { brands, categories, collections } from './groups.ts';
import { integrations } from './integrations.ts';
import { jobs } from './jobs.ts';
import type { Kind } from './kind.ts';
import { settings } from './settings.ts';

/** How each resource is written. A resource that moves needs one. */
const kinds: readonly Kind[] = [
  brands,
  carts,
  categories,
  collections,
  currencies,
  customers,
  files,
  flows,
  integrations,
  jobs,
  settings,
];

/** @throws Error where there is none yet */
export function kindOf(resource: string): Kind {
  const found = kinds.find((kind) => kind.resource === resource);
  if (!found) throw new Error(`no ledger can write ${resource} yet: describe it in test/support/kinds`);
  return found;
}
