import { badRequest, checker, isUuid, objectOf, textKey } from '@banyan/kit/api';
import type { Server } from '@banyan/kit/http';
import { customerTokenHeader } from '@banyan/kit/peers';
import { paths, SignIn } from './contract.ts';
import { CustomersError } from './errors.ts';
import type { Handlers } from './handlers.ts';

const signIn = checker(SignIn);

/** The most customers that one request may name: as many as a page holds. */
const maxNamed = 100;

/** Signing in, and what other services ask about customers and their tokens. */
export function addTokenRoutes(server: Server, { store, passwords, tokens, requirePeer }: Handlers): void {
  server.post(paths.tokens, { schema: { summary: 'Sign in' } }, async (request, reply) => {
    const { email, password } = signIn(objectOf(request.body));
    const customer = await store.findByEmail(textKey(email));
    const passwordHash = customer?.passwordHash ?? null;
    // Unknown customers are hashed too, so that the response time does not reveal them.
    const fits = await passwords.verify(password, passwordHash);
    // Not 401: clients would renew their access token and retry.
    if (customer === undefined || passwordHash === null || !fits) {
      throw new CustomersError('validation_failed', { detail: 'The email or password is not right.' });
    }
    const { id, token, expires } = await tokens.issue(customer, passwordHash);
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ data: { type: 'token', id, customer_id: customer.id, token, expires } });
  });

  server.get(
    paths.existing,
    { schema: { summary: 'Those of the customers that exist, for other services' } },
    async (request) => {
      requirePeer(request.headers.authorization);
      const { id = [] } = request.query as { id?: string | string[] };
      const ids = [id].flat();
      if (ids.length > maxNamed || !ids.every(isUuid)) {
        throw badRequest(`The parameter id is given at most ${maxNamed} times`, 'id');
      }
      const found = await store.existing(
        'customers',
        ids.map((one) => one.toLowerCase()),
      );
      return { data: found.map((one) => ({ id: one })) };
    },
  );

  server.get(
    paths.token,
    { schema: { summary: 'Who a customer token belongs to, for other services' } },
    async (request, reply) => {
      requirePeer(request.headers.authorization);
      const token = request.headers[customerTokenHeader];
      if (typeof token !== 'string' || token === '') throw badRequest('X-Moltin-Customer-Token is required');
      const found = await tokens.read(token);
      reply.header('cache-control', 'no-store');
      return found === null ? { active: false } : { active: true, sub: found.customerId, exp: found.exp };
    },
  );
}
