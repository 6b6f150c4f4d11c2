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

type Observable = typeof observable;

/** The key of an event, such as `order.paid`. */
export type EventKey = { [E in keyof Observable]: `${E}.${Observable[E][number]}` }[keyof Observable];

export const eventKeys: readonly string[] = Object.entries(observable).flatMap(([entity, happenings]) =>
  happenings.map((happening) => `${entity}.${happening}`),
);

/** The key under which an event is stored. Clients of 2018 write `integrations.created` for `integration.created`. */
export function storedKey(key: string): string {
  return key.replace(/^integrations\./, 'integration.');
}
