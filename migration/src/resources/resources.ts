import { MigrationError } from '../errors.ts';
import { authClients } from './auth-clients.ts';
import { brandLinks, brands } from './brands.ts';
import { carts } from './carts.ts';
import { categories, categoryLinks } from './categories.ts';
import { collectionLinks, collections } from './collections.ts';
import { currencies } from './currencies.ts';
import { customers } from './customers.ts';
import { files } from './files.ts';
import { flows } from './flows.ts';
import { integrations } from './integrations.ts';
import { jobs } from './jobs.ts';
import type { Resource } from './resource.ts';
import { settings } from './settings.ts';

/** Every resource that can move. */
export const resources: readonly Resource[] = [
  ...[
    authClients,
    brandLinks,
    brands,
    carts,
    categories,
    categoryLinks,
    collectionLinks,
    collections,
    currencies,
    customers,
    files,
    flows,
    integrations,
    jobs,
    settings,
  ],
];

/** @throws MigrationError `bad_arguments` */
export function resourceNamed(name: string, among: readonly Resource[] = resources): Resource {
  const found = among.find((resource) => resource.name === name);
  if (found) return found;
  const known = among.map((resource) => resource.name).join(', ');
  throw new MigrationError('bad_arguments', `there is no resource ${name}; there is: ${known}`);
}
