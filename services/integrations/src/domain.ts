import { type Micros, timestamps } from '@banyan/kit/api';
import type { IntegrationChange, NewIntegration } from './contract.ts';
import { IntegrationsError } from './errors.ts';

export interface Integration {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  observes: readonly string[];
  url: string;
  secretKey: string | null;
  createdAt: Micros;
  updatedAt: Micros;
}

const maxIntegrations = 100;
const maxPerEvent = 5;

/** A new integration: disabled unless it says otherwise. */
export function madeOf(
  { name, description, enabled = false, observes, configuration }: NewIntegration,
  id: string,
  now: Micros,
): Integration {
  const { url, secret_key } = configuration;
  const secretKey = secret_key || null;
  return { id, name, description, enabled, observes, url, secretKey, createdAt: now, updatedAt: now };
}

/** The integration with the members of a change. */
export function changedBy(integration: Integration, change: IntegrationChange, now: Micros): Integration {
  const { name, description, enabled, observes, configuration } = change;
  return {
    ...integration,
    name: name ?? integration.name,
    description: description ?? integration.description,
    enabled: enabled ?? integration.enabled,
    observes: observes ?? integration.observes,
    url: configuration?.url ?? integration.url,
    secretKey: configuration?.secret_key === undefined ? integration.secretKey : configuration.secret_key || null,
    updatedAt: now,
  };
}

/** @throws IntegrationsError `limit_reached`: the store has 100 */
export function requireRoom(others: readonly Integration[]): void {
  if (others.length < maxIntegrations) return;
  throw new IntegrationsError('limit_reached', { detail: `A store has at most ${maxIntegrations} integrations` });
}

/** @throws IntegrationsError `limit_reached`: five others observe one of the events */
export function requireRoomPerEvent(others: readonly Integration[], observes: readonly string[]): void {
  const full = observes.find((key) => others.filter((each) => each.observes.includes(key)).length >= maxPerEvent);
  if (full === undefined) return;
  throw new IntegrationsError('limit_reached', { detail: `At most ${maxPerEvent} integrations observe ${full}` });
}

/** An integration in the form of the API. */
export function integrationView(integration: Integration, publicUrl: string) {
  const { id, name, description, enabled, observes, url, secretKey, createdAt, updatedAt } = integration;
  return {
    id,
    type: 'integration',
    name,
    description,
    integration_type: 'webhook',
    enabled,
    observes,
    configuration: { url, ...(secretKey !== null && { secret_key: secretKey }) },
    links: { self: `${publicUrl}/v2/integrations/${id}` },
    meta: timestamps(createdAt, updatedAt),
  };
}

/** The view for facts, which other integrations receive: without the secret key. */
export function integrationEventView(integration: Integration, publicUrl: string) {
  return integrationView({ ...integration, secretKey: null }, publicUrl);
}
