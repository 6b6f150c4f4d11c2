import { startInstance as startBrands } from '@banyan/brands/testing';
import { startInstance as startCarts } from '@banyan/carts/testing';
import { startInstance as startCurrencies } from '@banyan/currencies/testing';
import { startInstance as startCustomers } from '@banyan/customers/testing';
import { startInstance as startIntegrations } from '@banyan/integrations/testing';
import { startInstance as startJobs } from '@banyan/jobs/testing';
import { startInstance as startSettings } from '@banyan/settings/testing';
import { brandPaths } from './sides.ts';

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

export const brands: MovedService = { name: 'brands', copies: ['brand-links'], paths: brandPaths, start: startBrands };
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
