import type { Clock } from '@banyan/kit/clock';
import type { MovedResource, State } from '@banyan/kit/import';
import { type Queryable, statement } from '@banyan/kit/postgres';
import Type from '@banyan/kit/typebox';
import { deliveryKey, integrationKey, parseKey } from './aggregate-keys.ts';
import { applyDeliveries, DeliveryState, readDeliveries } from './import-deliveries.ts';
import { applyIntegrations, IntegrationState, readIntegrations } from './import-integrations.ts';

interface Id {
  id: string;
}

const deliveryIds = statement<Id, [string | null, number]>(
  'import_delivery_ids',
  'select id from deliveries where $1::uuid is null or id > $1 order by id limit $2',
);
const integrationIds = statement<Id, [string | null, number]>(
  'import_integration_ids',
  `select id from (
     select id from integrations union select owner::uuid from keyed_replies where owner is not null
   ) as ids
   where $1::uuid is null or id > $1 order by id limit $2`,
);

/** How integrations and deliveries move between the monolith and this service. Transitional. */
export const integrationsImport = (now: Clock): MovedResource<Queryable, State> => ({
  name: 'integrations',
  group: 'integrations',
  schema: Type.Union([IntegrationState, DeliveryState]),
  apply: async (tx, changes) => {
    const of = (wanted: 'integration' | 'delivery') =>
      changes.flatMap(({ key, state }) => {
        const { kind, id } = parseKey(key) ?? {};
        return kind === wanted && id !== undefined ? [{ id, state }] : [];
      });
    await applyIntegrations(tx, of('integration') as { id: string; state: IntegrationState | null }[]);
    await applyDeliveries(tx, of('delivery') as { id: string; state: DeliveryState | null }[]);
  },
  read: async (tx, wanted) => {
    const ids = (kind: 'integration' | 'delivery') =>
      wanted.flatMap((key) => {
        const parsed = parseKey(key);
        return parsed?.kind === kind ? [parsed.id] : [];
      });
    return new Map<string, State>([
      ...(await readIntegrations(tx, ids('integration'), now)),
      ...(await readDeliveries(tx, ids('delivery'))),
    ]);
  },
  keys: async (tx, { after, to, limit }) => {
    // Deliveries come before integrations in the bytewise order of the keys.
    const last = after === null ? undefined : parseKey(after);
    const deliveries =
      last?.kind === 'integration'
        ? []
        : (await tx.query(deliveryIds, [last?.id ?? null, limit])).map(({ id }) => deliveryKey(id));
    const left = limit - deliveries.length;
    const first = last?.kind === 'integration' ? last.id : null;
    const integrations =
      left === 0 ? [] : (await tx.query(integrationIds, [first, left])).map(({ id }) => integrationKey(id));
    return [...deliveries, ...integrations].filter((key) => to === null || key <= to);
  },
  // No name of an integration or a delivery is unique.
  displaced: async () => 0,
});
