import { ShopError } from '../errors.ts';
import type { Keyed } from '../idempotency/keyed.ts';
import { once, type Reply } from '../idempotency/once.ts';
import type { Shop } from '../shop.ts';
import { type Asker, writeAudit, writeAuditNow } from './audit.ts';
import { cleanUpClient } from './clean-up.ts';
import { findClient } from './clients.ts';
import type { GrantRequest } from './grant-request.ts';
import { scopeOf } from './permissions.ts';
import { checkRate } from './rate-limit.ts';
import type { CheckSecret } from './secret-check.ts';
import { decoyHash } from './secret-hash.ts';
import {
  checkLiveTokens,
  draftToken,
  findLiveToken,
  type IssuedToken,
  insertToken,
  useRefreshToken,
} from './tokens.ts';

/**
 * Issues a token for one of the three grants. Earlier tokens stay valid, because clients request several at once and
 * use them all. With `keyed`, repeated requests issue one token and receive the same reply: see `once`.
 * @throws ShopError `invalid_client` when client, secret or refresh token are wrong
 * @throws ShopError `rate_limited` when too many tokens are requested
 */
export async function grantToken(
  shop: Shop,
  checkSecret: CheckSecret,
  request: GrantRequest,
  remoteAddress: string,
  keyed?: Keyed,
): Promise<Reply> {
  const { db, debts } = shop;
  const asker: Asker = { clientId: request.clientId, remoteAddress, at: shop.now() };
  const detail = { grant_type: request.grantType };
  const auditAtOnce = debts.owed('audit-in-own-transaction');

  if (auditAtOnce) await writeAuditNow(db, asker, 'token.requested', detail);
  try {
    const token = await prepareToken(shop, checkSecret, request, asker);
    let issued = false;
    const reply = await once(db, asker.at, keyed, async (client) => {
      if (request.grantType === 'refresh_token') {
        const used = await useRefreshToken(client, request.clientId, request.refreshToken, asker.at);
        if (!used) throw new ShopError('invalid_client', { detail: 'The refresh token is not valid' });
      }
      await insertToken(client, token);
      if (!auditAtOnce) await writeAudit(client, asker, ['token.requested', 'token.issued'], detail);
      issued = true;
      return {
        status: 200,
        body: tokenView({ ...token, ...(await findLiveToken(client, token.accessToken, asker.at)) }),
      };
    });
    if (auditAtOnce && issued) await writeAuditNow(db, asker, 'token.issued', detail);
    return reply;
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    if (auditAtOnce) await writeAuditNow(db, asker, 'token.refused', detail);
    else await writeAudit(db, asker, ['token.requested', 'token.refused'], detail);
    throw error;
  }
}

// Flat, without `data`: clients read `access_token` and `expires` (seconds since the epoch) at the top level.
function tokenView(token: IssuedToken) {
  const expires = Math.floor(token.expiresAt.getTime() / 1000);
  return {
    access_token: token.accessToken,
    token_type: 'Bearer',
    expires_in: expires - Math.floor(token.issuedAt.getTime() / 1000),
    expires,
    identifier: token.kind,
    ...(token.refreshToken !== undefined && { refresh_token: token.refreshToken }),
  };
}

async function prepareToken(
  shop: Shop,
  checkSecret: CheckSecret,
  request: GrantRequest,
  asker: Asker,
): Promise<IssuedToken> {
  const { db, debts } = shop;
  await checkRate(db, asker);
  const client = await findClient(db, request.clientId);
  const kind = request.grantType === 'client_credentials' ? 'client_credentials' : 'implicit';
  // Unknown clients are hashed too, so that the response time does not reveal whether a client exists.
  const secretFits =
    request.grantType !== 'client_credentials' || checkSecret(request.clientSecret, client?.secretHash ?? decoyHash);
  if (!secretFits || !client?.kinds.includes(kind)) {
    throw new ShopError('invalid_client', { detail: 'The client credentials are not valid' });
  }

  const scope = await scopeOf(db, debts, kind);
  if (debts.owed('token-clean-up-in-request')) await cleanUpClient(db, request.clientId, asker.at);
  // Shoppers share the one client of their storefront, so only clients with a secret are counted.
  if (kind === 'client_credentials') await checkLiveTokens(db, request.clientId, asker.at);
  return draftToken(db, { clientId: request.clientId, kind, scope, refreshable: kind === 'implicit' }, asker.at);
}
