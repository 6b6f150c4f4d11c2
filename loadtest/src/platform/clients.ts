import { readFileSync } from 'node:fs';
import type { TargetRequest } from '../drivers/request.ts';

/** An API client of the seeded data. */
export interface ApiClient {
  client_id: string;
  client_secret: string;
}

/** Reads the file that the seed wrote. */
export function readClients(file: string): ApiClient[] {
  const { clients } = JSON.parse(readFileSync(file, 'utf8')) as { clients: ApiClient[] };
  return clients.filter((client) => client.client_secret);
}

/** API clients of the reference data, with and without a secret. */
const referenceClients = 200;

/** Whether the file is that of the reference data, for which the bounds on the monolith's latencies are made. */
export function areOfReferenceData(file: string): boolean {
  return (JSON.parse(readFileSync(file, 'utf8')) as { clients: unknown[] }).clients.length >= referenceClients;
}

/** The request for a full-access token, as the SDK sends it: the secret is in the body, never in the URL. */
export function tokenRequest(client: ApiClient): TargetRequest {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...pick(client) });
  return {
    method: 'POST',
    path: '/oauth/access_token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  };
}

const pick = ({ client_id, client_secret }: ApiClient) => ({ client_id, client_secret });
