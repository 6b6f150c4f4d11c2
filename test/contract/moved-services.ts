import { startInstance as startBrands } from '@banyan/brands/testing';
import { startInstance as startCarts } from '@banyan/carts/testing';
import { startInstance as startCategories } from '@banyan/categories/testing';
import { startInstance as startCollections } from '@banyan/collections/testing';
import { startInstance as startCurrencies } from '@banyan/currencies/testing';
import { startInstance as startCustomers } from '@banyan/customers/testing';
import { startInstance as startFiles } from '@banyan/files/testing';
import { startInstance as startFlows } from '@banyan/flows/testing';
import { startInstance as startIntegrations } from '@banyan/integrations/testing';
import { startInstance as startJobs } from '@banyan/jobs/testing';
import { startInstance as startSettings } from '@banyan/settings/testing';

/** A service whose resource moves between the monolith and it. */
export interface MovedService {
  /** The name of the service and of its resource. */
  name: string;
  /** Resources of others that the service keeps a copy of. */
  copies?: readonly string[];
  /** The paths that the resource owns. */
  paths: RegExp;
  /** @param env besides the address of the mesh */
  start(meshUrl: string, env: Record<string, string>): Promise<RunningInstance>;
}

export interface RunningInstance {
  service: { url: string; ready: Promise<void> };
  close(): Promise<void>;
}

/** Groups of products: their entries are those of a flow of their name. */
const groups = (name: string, type: string, start: MovedService['start']): MovedService => ({
  name,
  copies: [`${type}-links`],
  paths: new RegExp(`^/v2/(flows/${name}/entries|${name})([/?]|$)`),
  start,
});
export const brands = groups('brands', 'brand', startBrands);
export const categories = groups('categories', 'category', startCategories);
export const collections = groups('collections', 'collection', startCollections);
/** The checkout belongs to the orders, which the monolith has. */
export const carts: MovedService = {
  name: 'carts',
  paths: /^\/v2\/(flows\/(carts|cart_items)\/entries|carts(?!\/[^/?]+\/checkout))([/?]|$)/,
  start: startCarts,
};
export const currencies: MovedService = {
  name: 'currencies',
  paths: /^\/v2\/currencies([/?]|$)/,
  start: startCurrencies,
};
export const customers: MovedService = {
  name: 'customers',
  // What services ask for moves with the reads of clients.
  paths: /^\/(v2\/(flows\/(customers|addresses)\/entries|customers)|internal\/customers)([/?]|$)/,
  start: startCustomers,
};
export const flows: MovedService = {
  name: 'flows',
  // Entries of core flows too: the service sends them on to the owners of the entities.
  paths: /^\/(v2\/(flows|fields)|internal\/fields)([/?]|$)/,
  start: startFlows,
};
export const jobs: MovedService = {
  name: 'jobs',
  paths: /^\/v2\/jobs([/?]|$)/,
  start: (meshUrl, env) => startJobs(meshUrl, { LOOK_EVERY_MS: '50', ...env }),
};
export const integrations: MovedService = {
  name: 'integrations',
  paths: /^\/v2\/integrations([/?]|$)/,
  start: startIntegrations,
};
export const settings: MovedService = {
  name: 'settings',
  // What services ask for moves with the reads of clients.
  paths: /^\/(v2|internal)\/settings([/?]|$)/,
  start: startSettings,
};
/** The content of public files is outside of /v2. */
export const files: MovedService = {
  name: 'files',
  paths: /^(\/v2)?\/files([/?]|$)/,
  start: startFiles,
};
