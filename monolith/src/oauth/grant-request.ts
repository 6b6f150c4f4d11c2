import { ShopError } from '../errors.ts';

/** The parameters of `POST /oauth/access_token`. */
export type GrantRequest =
  | { grantType: 'implicit'; clientId: string }
  | { grantType: 'client_credentials'; clientId: string; clientSecret: string }
  | { grantType: 'refresh_token'; clientId: string; refreshToken: string };

const maxFieldLength = 512;

/**
 * Reads a form, or a JSON object with the same members.
 * @throws ShopError `bad_request` when the grant or one of its fields is missing
 */
export function parseGrantRequest(body: unknown): GrantRequest {
  const grantType = field(body, 'grant_type');
  switch (grantType) {
    case 'implicit':
      return { grantType, clientId: field(body, 'client_id') };
    case 'client_credentials':
      return { grantType, clientId: field(body, 'client_id'), clientSecret: field(body, 'client_secret') };
    case 'refresh_token':
      return { grantType, clientId: field(body, 'client_id'), refreshToken: field(body, 'refresh_token') };
    default:
      throw new ShopError('bad_request', {
        title: 'unsupported_grant_type',
        detail: 'grant_type must be implicit, client_credentials or refresh_token',
        source: 'grant_type',
      });
  }
}

function field(body: unknown, name: string): string {
  const value =
    typeof body === 'object' && body !== null && Object.hasOwn(body, name)
      ? (body as Record<string, unknown>)[name]
      : undefined;
  if (typeof value !== 'string' || value === '' || value.length > maxFieldLength || value.includes('\0')) {
    throw new ShopError('bad_request', { title: 'invalid_request', detail: `${name} is required`, source: name });
  }
  return value;
}
