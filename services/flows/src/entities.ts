import type { Target } from '@banyan/kit/fields';

/** A core entity: what fields add members to, and links may lead to. */
export interface CoreEntity {
  /** Singular, as in `type` and in the rules of relationship fields. */
  type: string;
  /** The name of its owner. */
  owner: string;
  /** How an include shows it. Absent: no include does. */
  shown?: Target;
  /** Members that a field cannot be named after. Absent: it has no flow. */
  members?: readonly string[];
}

const named = ['name', 'slug', 'description', 'status', 'parent', 'children', 'products'];
const line = ['product_id', 'name', 'slug', 'sku', 'description', 'image', 'quantity', 'manage_stock', 'unit_price'];
const person = ['name', 'first_name', 'last_name', 'company_name', 'phone_number', 'instructions'];
const place = ['line_1', 'line_2', 'city', 'postcode', 'county', 'country'];
const everyone = (plural: string): Target => ({ plural, seen_by: 'everyone' });

/** By the slug of the flow. */
export const entities: ReadonlyMap<string, CoreEntity> = new Map(
  Object.entries({
    products: {
      ...{ type: 'product', owner: 'products', shown: everyone('products') },
      members: [
        ...['name', 'slug', 'sku', 'description', 'manage_stock', 'price', 'status', 'commodity_type', 'stock'],
        ...[
          'weight',
          'dimensions',
          'material',
          'colour',
          'season',
          'origin',
          'warranty_months',
          'main_image',
          'parent',
        ],
        ...['files', 'categories', 'brands', 'collections', 'variations', 'children', 'file', 'product_variations'],
      ],
    },
    categories: {
      ...{ type: 'category', owner: 'categories', shown: everyone('categories') },
      members: [...named, 'categories'],
    },
    brands: { type: 'brand', owner: 'brands', shown: everyone('brands'), members: [...named, 'brands'] },
    collections: {
      ...{ type: 'collection', owner: 'collections', shown: everyone('collections') },
      members: [...named, 'collections'],
    },
    customers: {
      ...{ type: 'customer', owner: 'customers', members: ['name', 'email', 'password'] },
      shown: { plural: 'customers', seen_by: 'administrators_alone' },
    },
    addresses: { type: 'address', owner: 'customers', members: [...person, ...place] },
    carts: { type: 'cart', owner: 'carts', members: ['name', 'description', 'items', 'customers'] },
    cart_items: {
      ...{ type: 'cart_item', owner: 'carts' },
      members: [...line, 'value', 'price', 'tax', 'taxes', 'promotion_id', 'code', 'cart_id', 'order_id'],
    },
    orders: {
      ...{ type: 'order', owner: 'orders' },
      members: [
        ...['status', 'payment', 'shipping', 'customer', 'shipping_address', 'billing_address', 'items'],
        ...['gateway', 'method', 'amount'],
      ],
    },
    order_items: {
      ...{ type: 'order_item', owner: 'orders' },
      members: [...line, 'value', 'taxes', 'cart_item', 'promotion_id'],
    },
    promotions: {
      ...{ type: 'promotion', owner: 'promotions', shown: { plural: 'promotions', seen_by: 'administrators' } },
      members: [
        ...['name', 'description', 'enabled', 'automatic', 'promotion_type', 'schema', 'min_cart_value'],
        ...['max_discount_value', 'start', 'end', 'created_at', 'updated_at', 'codes'],
      ],
    },
  } satisfies Record<string, CoreEntity>),
);

const byType: ReadonlyMap<string, CoreEntity> = new Map(
  [...entities.values(), { type: 'file', owner: 'files', shown: everyone('files') }].map((one) => [one.type, one]),
);

/** The core entity that a rule names; undefined: it may name a flow. */
export function entityOfType(type: string): CoreEntity | undefined {
  return byType.get(type);
}

/** Members of every entity. */
const everywhere = ['id', 'type', 'meta', 'links', 'relationships'];

/** Whether a field of a flow would hide a member of its entity. */
export function isReservedMember(flowSlug: string, fieldSlug: string): boolean {
  return everywhere.includes(fieldSlug) || (entities.get(flowSlug)?.members?.includes(fieldSlug) ?? false);
}

const otherResources = [
  ...['attributes', 'currencies', 'entries', 'fields', 'files', 'flows', 'gateways', 'integrations', 'inventories'],
  ...['jobs', 'settings', 'transactions', 'variations', 'attribute', 'currency', 'entry', 'field', 'file', 'flow'],
  ...['gateway', 'integration', 'inventory', 'job', 'setting', 'transaction', 'variation'],
];

/** Whether a slug names an entity of the API, so that no merchant may define a flow with it. */
export function isReservedFlow(slug: string): boolean {
  return otherResources.includes(slug) || byType.has(slug);
}
