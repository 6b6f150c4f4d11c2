import type { FastifyInstance } from 'fastify';
import { objectOf } from '../api/body.ts';
import { unprocessable } from '../api/faults.ts';
import { checker } from '../api/validate.ts';
import { decoyHash, verifySecret } from '../oauth/secret-hash.ts';
import type { Shop } from '../shop.ts';
import { SignIn } from './schema.ts';
import { findCredentials } from './store.ts';
import type { CustomerTokens } from './tokens.ts';

const check = checker(SignIn);

/** `POST /v2/customers/tokens`. Wrong credentials are 422: on 401, clients renew their access token and retry. */
export function signInRoute(app: FastifyInstance, shop: Shop, tokens: CustomerTokens): void {
  app.post('/v2/customers/tokens', async (request, reply) => {
    const { email, password } = check(objectOf(request.body));
    const customer = await findCredentials(shop.db, email);
    // Unknown customers are hashed too, so that the response time does not reveal them.
    const fits = await verifySecret(password, customer?.passwordHash ?? decoyHash);
    if (customer === undefined || customer.passwordHash === null || !fits)
      throw unprocessable('Failed Validation', 'The email or password is not right.');
    const { id, customerId, token, expires } = await tokens.issue({ ...customer, passwordHash: customer.passwordHash });
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ data: { type: 'token', id, customer_id: customerId, token, expires } });
  });
}
