/** A kind of entity that fields add members to. */
export interface Owner {
  /** Slug of its flow. */
  slug: string;
  /** Singular, as in `type` and in the rules of relationship fields. */
  type: string;
  table: string;
  /** Table of the values. */
  values: string;
  /** Path of one entity; its last parameter is the id. */
  path: string;
  /** The column that equals another parameter of the path. */
  parent?: { column: string; parameter: string };
  /** Implicit tokens may read its entries. With `live`, they see live entities only. */
  publicEntries?: 'live';
  /** Only client credentials may change it. */
  adminOnly?: true;
  /** Members that a field cannot be named after. */
  members: readonly string[];
}

const named = ['name', 'slug', 'description', 'status', 'parent', 'children', 'products'];
const line = ['product_id', 'name', 'slug', 'sku', 'description', 'image', 'quantity', 'manage_stock', 'unit_price'];
const person = ['name', 'first_name', 'last_name', 'company_name', 'phone_number', 'instructions'];
const place = ['line_1', 'line_2', 'city', 'postcode', 'county', 'country'];

/** The core entities. */
export const owners = {
  products: {
    slug: 'products',
    type: 'product',
    table: 'products',
    values: 'product_field_values',
    path: '/v2/products/:id',
    publicEntries: 'live',
    members: [
      ...['name', 'slug', 'sku', 'description', 'manage_stock', 'price', 'status', 'commodity_type', 'stock'],
      ...['weight', 'dimensions', 'material', 'colour', 'season', 'origin', 'warranty_months', 'main_image', 'parent'],
      ...['files', 'categories', 'brands', 'collections', 'variations', 'children', 'file', 'product_variations'],
    ],
  },
  categories: {
    slug: 'categories',
    type: 'category',
    table: 'categories',
    values: 'category_field_values',
    path: '/v2/categories/:id',
    publicEntries: 'live',
    members: [...named, 'categories'],
  },
  brands: {
    slug: 'brands',
    type: 'brand',
    table: 'brands',
    values: 'brand_field_values',
    path: '/v2/brands/:id',
    publicEntries: 'live',
    members: [...named, 'brands'],
  },
  collections: {
    slug: 'collections',
    type: 'collection',
    table: 'collections',
    values: 'collection_field_values',
    path: '/v2/collections/:id',
    publicEntries: 'live',
    members: [...named, 'collections'],
  },
  customers: {
    slug: 'customers',
    type: 'customer',
    table: 'customers',
    values: 'customer_field_values',
    path: '/v2/customers/:customerId',
    members: ['name', 'email', 'password'],
  },
  addresses: {
    slug: 'addresses',
    type: 'address',
    table: 'addresses',
    values: 'address_field_values',
    path: '/v2/customers/:customerId/addresses/:addressId',
    parent: { column: 'customer_id', parameter: 'customerId' },
    members: [...person, ...place],
  },
  carts: {
    slug: 'carts',
    type: 'cart',
    table: 'carts',
    values: 'cart_field_values',
    path: '/v2/carts/:ref',
    members: ['name', 'description', 'items', 'customers'],
  },
  cart_items: {
    slug: 'cart_items',
    type: 'cart_item',
    table: 'cart_items',
    values: 'cart_item_field_values',
    path: '/v2/carts/:ref/items/:item',
    parent: { column: 'cart_id', parameter: 'ref' },
    members: [...line, 'value', 'price', 'tax', 'taxes', 'promotion_id', 'code', 'cart_id', 'order_id'],
  },
  orders: {
    slug: 'orders',
    type: 'order',
    table: 'orders',
    values: 'order_field_values',
    path: '/v2/orders/:id',
    adminOnly: true,
    members: [
      ...['status', 'payment', 'shipping', 'customer', 'shipping_address', 'billing_address', 'items'],
      ...['gateway', 'method', 'amount'],
    ],
  },
  order_items: {
    slug: 'order_items',
    type: 'order_item',
    table: 'order_items',
    values: 'order_item_field_values',
    path: '/v2/orders/:id/items/:item',
    parent: { column: 'order_id', parameter: 'id' },
    adminOnly: true,
    members: [...line, 'value', 'taxes', 'cart_item', 'promotion_id'],
  },
  promotions: {
    slug: 'promotions',
    type: 'promotion',
    table: 'promotions',
    values: 'promotion_field_values',
    path: '/v2/promotions/:id',
    adminOnly: true,
    members: [
      ...['name', 'description', 'enabled', 'automatic', 'promotion_type', 'schema', 'min_cart_value'],
      ...['max_discount_value', 'start', 'end', 'created_at', 'updated_at', 'codes'],
    ],
  },
} as const satisfies Record<string, Owner>;

/** The core entity of a flow; undefined if merchants defined the flow. */
export function ownerOf(slug: string): Owner | undefined {
  return Object.hasOwn(owners, slug) ? owners[slug as keyof typeof owners] : undefined;
}

/** Members of every entity. */
const everywhere = ['id', 'type', 'meta', 'links', 'relationships'];

/** Whether a field of a flow would hide a member of its entity. */
export function isReservedMember(flowSlug: string, fieldSlug: string): boolean {
  return everywhere.includes(fieldSlug) || (ownerOf(flowSlug)?.members.includes(fieldSlug) ?? false);
}

const otherResources = [
  ...['attributes', 'currencies', 'entries', 'fields', 'files', 'flows', 'gateways', 'integrations', 'inventories'],
  ...['jobs', 'settings', 'transactions', 'variations', 'attribute', 'currency', 'entry', 'field', 'file', 'flow'],
  ...['gateway', 'integration', 'inventory', 'job', 'setting', 'transaction', 'variation'],
];

/** Whether a slug names an entity of the API, so that no merchant may define a flow with it. */
export function isReservedFlow(slug: string): boolean {
  return otherResources.includes(slug) || Object.values(owners).some(({ type }) => type === slug);
}
