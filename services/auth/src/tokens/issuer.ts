import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, timeoutHeader } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { traceContext } from '@banyan/kit/trace';
import jwt from 'jsonwebtoken';
import type { ClientCache } from '../clients/client-cache.ts';
import type { TokenResponse } from '../contract.ts';
import { claimsFor, grantOf, invalidClient, mayUse, type TokenRules, tokenResponseFor } from '../domain.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { SecretVerifier } from '../secrets/verifier.ts';
import type { RefreshTokens } from './refresh-tokens.ts';

export interface IssuerOptions {
  clients: ClientCache;
  verifier: SecretVerifier;
  refreshTokens: RefreshTokens;
  keyring: Keyring;
  rules: TokenRules;
  now: Clock;
}

/** Issues access tokens. Writes nothing: a token is verified by its signature, so it needs no row. */
export class TokenIssuer {
  readonly #options: IssuerOptions;

  constructor(options: IssuerOptions) {
    this.#options = options;
  }

  /**
   * @param body of the request, of any type
   * @param headers of the request, for the trace and the deadline of calls to other services
   * @throws AuthError `invalid_request`, `unsupported_grant`, `invalid_client`, `busy`; ServiceError
   * `store_unavailable`, and for refresh tokens the errors of {@link RefreshTokens.redeem}
   */
  async issue(body: unknown, headers: IncomingHttpHeaders = {}): Promise<TokenResponse> {
    const grant = grantOf(body);
    if (grant.type === 'refresh_token') {
      return this.#options.refreshTokens.redeem(grant, {
        trace: traceContext(headers),
        deadlineAtMs: deadlineOf(headers[timeoutHeader], performance.now()),
        idempotencyKey: headers['idempotency-key'],
      });
    }
    const { clients, verifier, keyring, rules, now } = this.#options;
    const client = await clients.get(grant.clientId);
    if (grant.type === 'client_credentials' && !(await verifier.verify(grant.clientId, client, grant.secret))) {
      throw invalidClient();
    }
    if (!mayUse(client, grant.type)) throw invalidClient();
    const nowMs = now();
    const key = keyring.signer(nowMs);
    const claims = claimsFor(grant.clientId, grant.type, rules, nowMs, randomUUID());
    // Signed as text, because jsonwebtoken would check and copy every claim of an object.
    return tokenResponseFor(jwt.sign(JSON.stringify(claims), key.privateKey, key.signOptions), claims);
  }
}
