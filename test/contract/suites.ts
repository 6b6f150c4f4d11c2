import type { Case } from './api.ts';
import { cartCases } from './carts.ts';
import { checkoutCases } from './checkout.ts';
import { childCases } from './children.ts';
import { conventionCases } from './conventions.ts';
import { currencyCases } from './currencies.ts';
import { customerCases } from './customers.ts';
import { deliveryCases } from './deliveries.ts';
import { entryCases } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { fileCases } from './files.ts';
import { flowCases } from './flows.ts';
import { gatewayCases } from './gateways.ts';
import { groupCases } from './groups.ts';
import { brands, categories, collections } from './groups-goods.ts';
import { integrationCases } from './integrations.ts';
import { inventoryCases } from './inventories.ts';
import { jobCases } from './jobs.ts';
import { listCases } from './lists.ts';
import { orderCases } from './orders.ts';
import { orderShapeCases } from './orders-shape.ts';
import { paymentCases } from './payments.ts';
import { productCases } from './products.ts';
import { promotionCases } from './promotions.ts';
import { settingCases } from './settings.ts';
import { tokenCases } from './tokens.ts';
import { variationCases } from './variations.ts';

type Suites = Readonly<Record<string, readonly Case[]>>;

/**
 * What has no service yet, by the resource. It runs against the monolith alone and at the edge. A resource that gets a
 * service moves to `ofServices`, and gets a test file with all of its sides.
 */
export const ofMonolith: Suites = {
  'tokens of clients': tokenCases,
  'what all resources have in common': conventionCases,
  'lists with their pages, filters and orders': listCases,
  'products and categories': productCases,
  'variations, options and modifiers': variationCases,
  'children of products': childCases,
  // A path by a flow's id crosses to the service that owns the entities.
  'entries of core flows': [...entryCases, ...fieldIncludeCases],
  inventories: inventoryCases,
  'orders, checkout and payments': [
    ...checkoutCases,
    ...orderCases,
    ...paymentCases,
    ...gatewayCases,
    ...orderShapeCases,
  ],
  'promotions and their codes': promotionCases,
  'deliveries of webhooks': deliveryCases,
};

/** What has a service, each with a test file of its own, where all sides are compared. */
export const ofServices: Suites = {
  brands: groupCases(brands),
  carts: cartCases,
  categories: groupCases(categories),
  collections: groupCases(collections),
  currencies: currencyCases,
  customers: customerCases,
  files: fileCases,
  flows: flowCases,
  integrations: integrationCases,
  jobs: jobCases,
  settings: settingCases,
};
