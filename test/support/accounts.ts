import { randomUUID } from 'node:crypto';
import type { Shop, Shown } from './shop.ts';

/** What a round does, in the order of an account's life. */
export interface AccountsOptions {
  /** The platform, as an administrator and as a shopper. */
  admin: Shop;
  shopper: Shop;
  /** A service that asks the owner of the customers whose a customer token is. */
  follower: Shop;
  /** A product that is sold without counting its stock. */
  productId: string;
  /** Resolves when both sides of the customers have what was written before the call. */
  settled(): Promise<void>;
}

interface Account {
  path: string;
  email: string;
  headers: Readonly<Record<string, string>>;
}

const address = {
  ...{ type: 'address', first_name: 'Ada', last_name: 'Byron', line_1: '1 Row', postcode: 'N1 1AA', county: 'London' },
  country: 'GB',
};
const person = { first_name: 'Ada', last_name: 'Byron', line_1: '1 Row', postcode: 'N1', county: 'L', country: 'GB' };

/**
 * A shopper who signs up, signs in, writes addresses, changes the password and checks out, again and again. Each step must see
 * the one before, wherever it is served.
 */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly faults: string[] = [];
  rounds = 0;
  /** Of the first round: its token must stay valid all the way. */
  #first: Account | undefined;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  async live(going: () => boolean): Promise<void> {
    while (going() && this.faults.length === 0) {
      await this.#round();
      this.rounds += 1;
    }
  }

  async #round(): Promise<void> {
    const { admin, shopper } = this.#options;
    const email = `${randomUUID()}@example.com`;
    const made = await this.#must(201, shopper, 'POST', '/v2/customers', {
      data: { type: 'customer', name: 'Ada', email, password: 'first word' },
    });
    const path = `/v2/customers/${made?.body.data.id}`;
    const account = await this.#signIn(path, email, 'first word');
    if (account === undefined) return;
    await this.#isKnown(account);
    if (this.#first) await this.#isKnown(this.#first);

    const keyed = { ...account.headers, 'idempotency-key': randomUUID() };
    const once = await this.#must(201, shopper, 'POST', `${path}/addresses`, { data: address, headers: keyed });
    const twice = await this.#must(201, shopper, 'POST', `${path}/addresses`, { data: address, headers: keyed });
    if (JSON.stringify(once?.body) !== JSON.stringify(twice?.body)) this.#fault('a repeated key', twice);
    const list = await this.#must(200, shopper, 'GET', `${path}/addresses`, account);
    if (list?.body.data.length !== 1) this.#fault('one address', list);

    // The order has the name that was given just before.
    const name = `Ada ${randomUUID()}`;
    await this.#must(200, shopper, 'PUT', path, { data: { name }, headers: account.headers });
    const cart = `/v2/carts/${randomUUID()}`;
    const line = { type: 'cart_item', id: this.#options.productId, quantity: 1 };
    await this.#must(201, shopper, 'POST', `${cart}/items`, { data: line });
    const order = await this.#must(201, shopper, 'POST', `${cart}/checkout`, {
      data: { customer: { id: path.split('/').at(-1) }, billing_address: person, shipping_address: person },
      headers: account.headers,
    });
    if (order?.body.data.customer.name !== name) this.#fault('the name in the order', order);
    await this.#atMonolith(200, `/v2/orders/${order?.body.data.id}`, account);

    await this.#must(200, admin, 'PUT', path, { data: { password: 'second word' } });
    await this.#must(403, shopper, 'GET', path, account);
    await this.#atMonolith(403, '/v2/orders', account);
    const again = await this.#signIn(path, email, 'second word');
    this.#first ??= again;
    const wrong = { data: { type: 'token', email, password: 'first word' } };
    await this.#must(422, shopper, 'POST', '/v2/customers/tokens', wrong);
  }

  async #signIn(path: string, email: string, password: string): Promise<Account | undefined> {
    const data = { type: 'token', email: email.toUpperCase(), password };
    const reply = await this.#must(201, this.#options.shopper, 'POST', '/v2/customers/tokens', { data });
    return reply && { path, email, headers: { 'x-moltin-customer-token': reply.body.data.token } };
  }

  /** At the owner of the customers, at the monolith, and at a service that asks by name. */
  async #isKnown(account: Account): Promise<void> {
    const { shopper, follower } = this.#options;
    const own = await this.#must(200, shopper, 'GET', account.path, account);
    if (own !== undefined && own.body.data.email !== account.email) this.#fault('the own record', own);
    await this.#atMonolith(200, '/v2/orders', account);
    await this.#must(200, follower, 'GET', '/v2/carts', account);
  }

  /** Orders are the monolith's, which verifies a token by its copy: at once, and at the latest when both sides are equal. */
  async #atMonolith(status: number, path: string, { headers }: Account): Promise<void> {
    const { shopper, settled } = this.#options;
    const first = await shopper.send({ method: 'GET', path, headers });
    if (first.status === status) return;
    await settled();
    await this.#must(status, shopper, 'GET', path, { headers });
  }

  async #must(
    status: number,
    shop: Shop,
    method: string,
    path: string,
    { data, headers }: { data?: object; headers?: Readonly<Record<string, string>> },
  ): Promise<Shown | undefined> {
    const reply = await shop.send({ method, path, ...(data && { data }), ...(headers && { headers }) });
    if (reply.status === status) return reply;
    this.#fault(`${method} ${path}`, reply);
    return undefined;
  }

  #fault(what: string, reply: Shown | undefined): void {
    this.faults.push(`${what}: ${reply?.status} ${JSON.stringify(reply?.body)?.slice(0, 300)}`);
  }
}
