import { type Group, groups } from './groups.ts';
import type { How } from './table-uses.ts';

/** A reviewed crossing: why code of one group uses tables of another, and what happens to it when one of them moves. */
export interface Reviewed {
  code: readonly Group[];
  how: How;
  tables: string;
  /** `decides`: a refusal or an amount depends on it. `shows`: only replies do. */
  means: 'decides' | 'shows';
  reason: string;
}

const withFields: readonly Group[] = [
  ...(['customers', 'products', 'categories, brands, collections', 'carts', 'promotions', 'orders'] as const),
];
const withLists = groups.filter((group) => !['auth', 'settings', 'currencies'].includes(group));
const withPrices: readonly Group[] = ['products', 'categories, brands, collections', 'carts', 'orders'];

/** Every crossing there may be. A new one is an agreement between two future services: it needs a row and a reason. */
export const reviewed: readonly Reviewed[] = [
  {
    code: withLists,
    how: 'reads',
    tables: 'settings',
    means: 'shows',
    reason: 'The length of a page, and whether lists show children. A service asks the settings and remembers them.',
  },
  {
    code: withPrices,
    how: 'reads',
    tables: 'currencies',
    means: 'shows',
    reason: 'How an amount is printed. The currency of a request must exist; a service keeps a copy by facts.',
  },
  {
    code: withFields,
    how: 'reads',
    tables: 'flows flow_fields',
    means: 'decides',
    reason: 'Seam 3: definitions of fields check and name the values that an entity keeps. A service remembers them.',
  },
  {
    code: withFields,
    how: 'locks',
    tables: 'flow_fields',
    means: 'decides',
    reason: 'Writers of one unique field wait for each other. A service locks in its own store: values are its own.',
  },
  {
    code: ['flows'],
    how: 'locks',
    tables: 'products categories brands collections customers promotions orders files carts',
    means: 'decides',
    reason: 'A link of an entry needs a target that exists. A target that goes later dangles, and includes skip it.',
  },
  {
    code: ['products', 'categories, brands, collections'],
    how: 'reads',
    tables: 'integrations',
    means: 'shows',
    reason: 'With Debt 37 paid: an event that no integration observes is not read back. Services publish every fact.',
  },
  {
    code: ['products', 'categories, brands, collections'],
    how: 'reads',
    tables: 'stock',
    means: 'shows',
    reason: 'The level of a product, its filter, and products as includes. A service keeps it by the facts of stock.',
  },
  {
    code: ['products'],
    how: 'reads',
    tables: 'categories brands collections files',
    means: 'shows',
    reason:
      'Links whose target exists and is visible, and includes. Visibility is kept by facts, bodies are asked for.',
  },
  {
    code: ['products'],
    how: 'locks',
    tables: 'categories brands collections files',
    means: 'decides',
    reason: 'A new link needs a target that exists. Its deletion is heard of later (seam 2).',
  },
  {
    code: ['categories, brands, collections'],
    how: 'reads',
    tables: `products product_categories product_brands product_collections product_prices product_attributes
      product_attribute_values product_translations product_variations variations variation_options
      product_files product_main_images first_stocks files`,
    means: 'shows',
    reason: 'The products of a group, and products as includes: asked of the owner of products, in one batch.',
  },
  {
    code: ['carts'],
    how: 'reads',
    tables: 'products product_prices product_main_images files stock',
    means: 'decides',
    reason: 'Name, price, stock and image of what is added to a cart. Money and stock ask the owner.',
  },
  {
    code: ['carts'],
    how: 'reads',
    tables: 'customers',
    means: 'decides',
    reason: 'A cart is associated with customers that exist.',
  },
  {
    code: ['carts'],
    how: 'reads',
    tables: 'orders order_items',
    means: 'decides',
    reason: 'Re-order: the goods of an earlier order that the client may see.',
  },
  {
    code: ['carts'],
    how: 'reads',
    tables: 'promotions promotion_codes promotion_code_counts',
    means: 'decides',
    reason: 'What promotions take off a cart, and whether a code is used up: asked of promotions and of orders.',
  },
  {
    code: ['promotions'],
    how: 'reads',
    tables: 'promotion_code_counts',
    means: 'shows',
    reason: 'Lists of codes show how many orders have used each. Orders count.',
  },
  {
    code: ['orders'],
    how: 'locks',
    tables: 'carts',
    means: 'decides',
    reason: 'Checkout: the cart stays as it is until the order is written. Across two owners, a saga carries a copy.',
  },
  {
    code: ['orders'],
    how: 'reads',
    tables: 'cart_items cart_item_taxes cart_promotions cart_item_field_values',
    means: 'decides',
    reason: 'Checkout: the lines, taxes, codes and fields of the cart become those of the order.',
  },
  {
    code: ['orders'],
    how: 'reads',
    tables: 'customers',
    means: 'decides',
    reason: 'Checkout: the buyer exists; name and e-mail address are copied.',
  },
  {
    code: ['orders'],
    how: 'reads',
    tables: 'promotions promotion_codes',
    means: 'decides',
    reason: 'Checkout: each code of the cart still holds, and what it takes off. The use is counted by orders.',
  },
  {
    code: ['orders'],
    how: 'reads',
    tables: 'products product_main_images files',
    means: 'shows',
    reason: 'Inventories list the products that exist, in their order; cart lines are read with their image.',
  },
  {
    code: ['orders'],
    how: 'locks',
    tables: 'products',
    means: 'decides',
    reason: 'Stock moves for products that exist only. A product that goes meanwhile takes its stock along (seam 2).',
  },
  {
    code: ['jobs'],
    how: 'reads',
    tables: 'orders order_items',
    means: 'shows',
    reason: 'Exports of orders read pages of them from their owner.',
  },
];
