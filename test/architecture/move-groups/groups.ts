/** The resources that change their owner together. Each other resource moves alone. */
export const groups = [
  'auth',
  'settings',
  'currencies',
  'customers',
  'products',
  'categories, brands, collections',
  'files',
  'carts',
  'promotions',
  'orders',
  'flows',
  'integrations',
  'jobs',
] as const;
export type Group = (typeof groups)[number];

/** `every`: part of each resource, and moves with none. `entity`: the tables of the entity that a request is about. */
export type Place = Group | 'every' | 'entity';

const inGroups: Readonly<Record<Group | 'every', string>> = {
  auth: 'api_clients api_resources api_permissions api_roles api_role_permissions access_tokens token_audit',
  settings: 'settings',
  currencies: 'currencies',
  customers: 'customers addresses customer_token_key customer_field_values address_field_values',
  products: `products product_prices product_attributes product_attribute_values product_categories product_brands
    product_collections product_files product_main_images product_translations variations variation_options
    option_modifiers product_variations child_options product_field_values first_stocks`,
  'categories, brands, collections':
    'categories brands collections category_field_values brand_field_values collection_field_values',
  files: 'files',
  carts: `carts cart_customers cart_items cart_item_taxes cart_promotions cart_field_values cart_item_field_values`,
  promotions: 'promotions promotion_codes promotion_field_values',
  // Stock, payments and the uses of promotions are decided in the transactions of orders.
  orders: `orders order_items transactions gateways stock stock_transactions promotion_uses promotion_code_counts
    order_field_values order_item_field_values`,
  flows: 'flows flow_fields flow_entries flow_entry_values',
  integrations: 'integrations integration_jobs integration_logs',
  jobs: 'jobs job_files',
  // Facts (seam 4), notes of deletions (seam 2), replies to keyed requests, and who changed what (Debt 22).
  every: 'shop_events deleted_entities idempotency_keys audit_log schema_migrations',
};

/** The group of each table. */
export const groupOfTable: ReadonlyMap<string, Group | 'every'> = new Map(
  Object.entries(inGroups).flatMap(([group, tables]) =>
    tables.split(/\s+/).map((table) => [table, group as Group | 'every'] as const),
  ),
);

/**
 * Whose code a file is, by the first pattern that fits its path below `monolith/src`. Other files belong to no resource:
 * they count where a resource's code uses them.
 */
const code: readonly (readonly [RegExp, Group])[] = [
  [/^(access|oauth)\//, 'auth'],
  [/^settings\//, 'settings'],
  [/^currencies\//, 'currencies'],
  [/^customers\//, 'customers'],
  [/^catalog\/(family|family-routes|groups|group-routes|tree)\.ts$/, 'categories, brands, collections'],
  // Only puts the routes of several resources together.
  [
    /^(?!catalog\/routes\.ts)(catalog|variations|children)\/|^stock\/noted-first-stocks|^files\/product-image/,
    'products',
  ],
  [/^files\//, 'files'],
  [/^carts\/|^jobs\/expire-carts|^promotions\/applied/, 'carts'],
  [/^(orders|checkout|payments|gateways|inventories|stock)\/|^promotions\/uses?\.ts$/, 'orders'],
  [/^promotions\//, 'promotions'],
  [/^flows\//, 'flows'],
  [/^(integrations|webhooks)\//, 'integrations'],
  [/^exports\//, 'jobs'],
];

export function groupOfCode(path: string): Group | undefined {
  return code.find(([pattern]) => pattern.test(path))?.[1];
}

/** What is behind these files happens after the commit, and is done by its owner: seams 1 and 2. */
export const seams = /^(seams\/|stock\/ask-first-stocks)/;

/** The tables that an expression stands for, by file and expression. */
export const tablesOfExpression: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['family-routes', 'family', 'group-routes', 'groups', 'tree', 'product-details'].flatMap((file) => [
      [`catalog/${file}.ts kind.plural`, 'categories brands collections'],
      [`catalog/${file}.ts kind.linkTable`, 'product_categories product_brands product_collections'],
    ]),
  ),
  'catalog/tree.ts plural': 'categories brands collections',
  'catalog/product-details.ts table': 'product_files product_main_images',
  'catalog/product-list.ts linkTable': 'product_categories product_brands product_collections',
  'catalog/product-list.ts plural': 'categories brands collections',
  'catalog/product-relationships.ts linkTable': 'product_categories product_brands product_collections product_files',
  'catalog/product-relationships.ts targets': 'categories brands collections files',
  'catalog/product-relationships.ts table': 'categories brands collections files variations',
  'children/write-children.ts table':
    'product_prices product_attribute_values product_categories product_brands product_collections product_files product_main_images',
  'promotions/codes.ts tables': 'promotion_codes promotion_code_counts',
  'integrations/log-store.ts logs': 'integration_logs',
  'integrations/log-store.ts jobs': 'integration_jobs',
  'integrations/log-store.ts what': 'integration_logs integration_jobs',
  // Seam 3: the values of an entity's fields, and the entity itself.
  'flows/entry-store.ts place.table': 'entity',
  'flows/entry-store.ts table': 'entity',
  'flows/entry-routes.ts place.values': 'entity',
  'flows/relationships.ts table': 'entity',
  'flows/store-values.ts table': 'entity',
  'flows/values.ts table': 'entity',
  // A link to any entity: its target is kept in place until the link is written.
  'flows/targets.ts table':
    'products categories brands collections customers promotions orders files carts flow_entries',
};
