import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, timeoutHeader } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { traceContext } from '@banyan/kit/trace';
import jwt from 'jsonwebtoken';
import type { ClientCache } from '../clients/client-cache.ts';
import type { TokenAnswer } from '../contract.ts';
import { answerFor, claimsFor, grantOf, invalidClient, mayUse, type TokenRules } from '../domain.ts';
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

/**
 * Issues access tokens. Nothing is written: the token proves itself, so no row is kept of it.
 */
export class TokenIssuer {
  readonly #options: IssuerOptions;

  constructor(options: IssuerOptions) {
    this.#options = options;
  }

  /**
   * @param body of the request, whatever it is
   * @param headers of the request, for what is passed on to other services
   * @throws AuthError `invalid_request`, `unsupported_grant`, `invalid_client`, `busy`; ServiceError `store_unavailable`,
   * and for refresh tokens what {@link RefreshTokens.redeem} throws
   */
  async issue(body: unknown, headers: IncomingHttpHeaders = {}): Promise<TokenAnswer> {
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
    // As text, because of an object every claim is checked again and copied.
    return answerFor(jwt.sign(JSON.stringify(claims), key.privateKey, key.signOptions), claims);
  }
}
