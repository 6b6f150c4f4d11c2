/**
 * The keys under which this service's data move: integrations, each with what was replied to the request that made it,
 * and deliveries, each with its logs. Both are aggregates of one resource, so that they change their owner together.
 */
export const integrationKey = (id: string): string => `integration:${id}`;
export const deliveryKey = (id: string): string => `delivery:${id}`;

/** What a key names; undefined for any other text. */
export function parseKey(key: string): { kind: 'integration' | 'delivery'; id: string } | undefined {
  const [, kind, id = ''] = /^(integration|delivery):([0-9a-f-]{36})$/.exec(key) ?? [];
  return kind === undefined ? undefined : { kind: kind as 'integration' | 'delivery', id };
}
