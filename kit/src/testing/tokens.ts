import type { FakeService } from './fake-mesh.ts';

/** Access tokens that `tokenIssuer` knows. */
export const testTokens = { admin: 'a'.repeat(40), shopper: 'b'.repeat(40) };

/** Introspects the tokens of `testTokens` (RFC 7662); every other one is inactive. */
export const tokenIssuer: FakeService = ({ body }) => {
  const token = new URLSearchParams(body).get('token') ?? '';
  const identifier = { [testTokens.admin]: 'client_credentials', [testTokens.shopper]: 'implicit' }[token];
  const known = { active: true, client_id: 'tests', identifier, scope: '', exp: 2_147_483_647 };
  return { status: 200, body: identifier === undefined ? { active: false } : known };
};
