const created = ['created', 'updated', 'deleted'] as const;

/** What integrations can observe: for each entity, the things that happen to it. */
const observable = {
  address: created,
  brand: created,
  cart: ['updated', 'deleted'],
  category: created,
  collection: created,
  currency: created,
  customer: created,
  file: ['created', 'deleted'],
  integration: created,
  order: ['created', 'updated', 'fulfilled', 'authorized', 'paid', 'refunded'],
  'payment-gateway': ['updated'],
  product: created,
  settings: created,
  'stock-transaction': ['created'],
  transaction: ['created', 'updated'],
} as const;

const eventKeys: ReadonlySet<string> = new Set(
  Object.entries(observable).flatMap(([entity, happenings]) => happenings.map((happening) => `${entity}.${happening}`)),
);

/** Whether a text is the key of an event that integrations can observe, such as `order.paid`. */
export const isEventKey = (text: string): boolean => eventKeys.has(text);

/** The key under which an event is stored. Clients of 2018 write `integrations.created` for `integration.created`. */
export function storedKey(key: string): string {
  return key.replace(/^integrations\./, 'integration.');
}
