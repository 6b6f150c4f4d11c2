import type { IntegrationRow } from './store.ts';

/** An integration in the form of the API. */
export function integrationView(row: IntegrationRow, publicUrl: string) {
  return {
    id: row.id,
    type: 'integration',
    name: row.name,
    description: row.description,
    integration_type: row.integration_type,
    enabled: row.enabled,
    observes: row.observes,
    configuration: { url: row.url, ...(row.secret_key !== null && { secret_key: row.secret_key }) },
    links: { self: `${publicUrl}/v2/integrations/${row.id}` },
    meta: { timestamps: { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() } },
  };
}

/** The view for events, which other integrations receive: without the secret key. */
export function integrationEventView(row: IntegrationRow, publicUrl: string) {
  return integrationView({ ...row, secret_key: null }, publicUrl);
}
