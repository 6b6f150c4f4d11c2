import { after } from 'node:test';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { checkoutCases } from './checkout.ts';
import { customerCases } from './customers.ts';
import { entryCases } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { inventoryCases } from './inventories.ts';
import { orderCases } from './orders.ts';
import { paymentCases } from './payments.ts';
import { productCases } from './products.ts';
import { promotionCases } from './promotions.ts';
import { describeContract } from './runner.ts';
import type { Side } from './sides.ts';

// What has no service yet, where customers meet it: through the mesh, with every other resource on its service. One
// platform serves all suites, with the small data set and whatever the suites before have left.
let platform: Promise<Platform> | undefined;
after(async () => (await platform)?.stop());

async function edge(): Promise<Side> {
  platform ??= startPlatform();
  const { edge: url, client } = await platform;
  const tokens = {
    admin: (await askToken(url, client)).access_token,
    shopper: (await askToken(url, client, 'implicit')).access_token,
  };
  return { urls: [url], tokens, close: async () => {} };
}

const suites = {
  customers: customerCases,
  'products and categories': productCases,
  inventories: inventoryCases,
  'orders, checkout and payments': [...checkoutCases, ...orderCases, ...paymentCases],
  'promotions and their codes': promotionCases,
  // Flows are the monolith's, and brands and carts are on their services: a path by a flow's id crosses.
  'entries of core flows': [...entryCases, ...fieldIncludeCases],
};
for (const [resource, cases] of Object.entries(suites)) {
  describeContract(resource, cases, { 'the mesh at the edge': edge });
}
