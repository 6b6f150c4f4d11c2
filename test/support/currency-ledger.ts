import type { Shop, Shown } from './shop.ts';

interface Expected {
  code: string;
  rate: number;
}

export interface CurrencyLedgerOptions {
  /** Of the platform's edge. */
  shop: Shop;
  /** Resolves when both sides have what was written before. */
  settled(): Promise<void>;
}

/**
 * Clients that write currencies, move the default, and ask for other things in these currencies, with a ledger of every
 * acknowledged write. Each client has a code of its own, so that it knows what it has to read.
 */
export class CurrencyLedger {
  readonly #options: CurrencyLedgerOptions;
  readonly #expected = new Map<string, Expected>();
  /** Requests that failed, and replies that contradict what was written. */
  readonly faults: string[] = [];
  /** Acknowledged writes of currencies. */
  writes = 0;
  /** Requests for other things that had the currency of a client. */
  asked = 0;
  /** Times that the default was moved. */
  moved = 0;

  constructor(options: CurrencyLedgerOptions) {
    this.#options = options;
  }

  /** Makes, changes, uses and deletes the currency `code`, until `going` says no. */
  async write(code: string, going: () => boolean): Promise<void> {
    const product = await this.#makeProduct(code);
    for (let round = 0; this.#goesOn(going); round += 1) {
      const made = await this.#write('POST', '', 201, { code, format: `{price} ${round}`, exchange_rate: 1 });
      const id = made?.body.data.id as string | undefined;
      if (id === undefined) continue;
      this.#expected.set(id, { code, rate: 1 });
      await this.#read(id);
      for (let change = 1; change <= 2; change += 1) {
        const rate = round + change / 10;
        if (await this.#write('PUT', `/${id}`, 200, { exchange_rate: rate })) this.#expected.set(id, { code, rate });
        await this.#read(id);
      }
      await this.#requests(code, 200);
      await this.#price(product, ['USD', code]);
      const [deleted] = await Promise.all([
        this.#write('DELETE', `/${id}`, 204),
        // While the currency goes: the price in it goes or stays, and nothing fails.
        round % 2 === 0 ? this.#price(product, ['USD', code]) : undefined,
      ]);
      if (!deleted) continue;
      this.#expected.delete(id);
      await this.#expect(`GET /${id}`, await this.#send('GET', `/v2/currencies/${id}`), 404);
      await this.#requests(code, 400);
      if (round % 2 === 1) await this.#holds(`prices in ${code} are gone`, () => this.#hasPrice(product, code, false));
      // A price that is written when the currency has gone stays: it is not checked, and nothing deletes it later.
      await this.#options.settled();
      await this.#price(product, ['USD', code]);
      await this.#options.settled();
      if (!(await this.#hasPrice(product, code, true))) this.faults.push(`a price in ${code} was deleted later`);
      await this.#price(product, ['USD']);
    }
  }

  /** Makes the currency `code`, and makes it the default again and again. Several clients may do so at once. */
  async moveDefault(code: string, going: () => boolean): Promise<void> {
    const made = await this.#write('POST', '', 201, { code, format: '{price}' });
    const id = made?.body.data.id as string | undefined;
    if (id === undefined) return;
    this.#expected.set(id, { code, rate: 1 });
    while (this.#goesOn(going)) {
      const reply = await this.#write('PUT', `/${id}`, 200, { default: true });
      if (reply && reply.body.data.default !== true) this.faults.push(`${code} is not the default that it was made`);
      this.moved += 1;
      const list = await this.#send('GET', '/v2/currencies');
      const defaults = list.body?.data?.filter((one: { default: boolean }) => one.default);
      if (defaults?.length !== 1) this.faults.push(`${defaults?.length} defaults: ${list.status}`);
      // Prices are shown in the default, which the monolith reads from its own table.
      await this.#expect('products in the default', await this.#send('GET', '/v2/products?page[limit]=1'), 200);
    }
  }

  /** Compares the currencies that the platform shows with the ledger. Returns the differences. */
  async compare(others: readonly string[]): Promise<string[]> {
    const { body } = await this.#send('GET', '/v2/currencies');
    const shown = body.data as { id: string; code: string; exchange_rate: number; default: boolean }[];
    const differences = [...this.#expected].flatMap(([id, { code, rate }]) => {
      const found = shown.find((one) => one.id === id);
      return found?.code === code && found.exchange_rate === rate ? [] : [`${code}: ${JSON.stringify(found)}`];
    });
    const known = new Set([...others, ...[...this.#expected.values()].map(({ code }) => code)]);
    for (const { code } of shown) if (!known.has(code)) differences.push(`${code} was deleted and is there`);
    if (shown.length !== known.size) differences.push(`${shown.length} shown, ${known.size} written`);
    if (shown.filter((one) => one.default).length !== 1) differences.push('there is not one default');
    return differences;
  }

  #goesOn(going: () => boolean): boolean {
    return going() && this.faults.length < 10;
  }

  async #read(id: string): Promise<void> {
    const found = await this.#send('GET', `/v2/currencies/${id}`);
    const expected = this.#expected.get(id);
    if (!(await this.#expect(`GET /${id}`, found, 200))) return;
    const { code, exchange_rate: rate } = found.body.data;
    if (code !== expected?.code || rate !== expected?.rate) {
      this.faults.push(`read ${code} at ${rate} after writing ${expected?.code} at ${expected?.rate}`);
    }
  }

  /**
   * Other things in this currency: those that the monolith serves read its own table, and a service asks for currencies.
   * A service may take a currency that was enabled as enabled for some seconds, so it is asked only for one that is.
   */
  async #requests(code: string, expected: number): Promise<void> {
    const paths = ['/v2/products?page[limit]=1', '/v2/categories?page[limit]=1', '/v2/currencies'];
    if (expected === 200) paths.push('/v2/brands?page[limit]=1');
    for (const path of paths) {
      await this.#holds(`GET ${path} in ${code} is ${expected}`, async () => {
        const { status } = await this.#send('GET', path, undefined, { 'x-moltin-currency': code });
        this.asked += 1;
        return status === expected;
      });
    }
  }

  /** What has to be so at once when the write before has settled, and in any case when both sides have it. */
  async #holds(what: string, isSo: () => Promise<boolean>): Promise<void> {
    if (await isSo()) return;
    await this.#options.settled();
    if (!(await isSo())) this.faults.push(`not so: ${what}`);
  }

  async #makeProduct(code: string): Promise<string> {
    const name = `ledger-${code}-${crypto.randomUUID()}`;
    const data = {
      ...{ type: 'product', name, slug: name, sku: name, description: 'd', manage_stock: false, status: 'live' },
      ...{ commodity_type: 'physical', price: [{ amount: 100, currency: 'USD', includes_tax: true }] },
    };
    const made = await this.#send('POST', '/v2/products', data);
    await this.#expect('POST /v2/products', made, 201);
    return made.body.data.id;
  }

  async #price(product: string, codes: readonly string[]): Promise<void> {
    const price = codes.map((currency) => ({ amount: 100, currency, includes_tax: true }));
    const written = await this.#send('PUT', `/v2/products/${product}`, { type: 'product', price });
    await this.#expect('PUT of a price', written, 200);
  }

  async #hasPrice(product: string, code: string, expected: boolean): Promise<boolean> {
    const { status, body } = await this.#send('GET', `/v2/products/${product}`);
    const codes = status === 200 ? body.data.price.map(({ currency }: { currency: string }) => currency) : [];
    return codes.includes('USD') && codes.includes(code) === expected;
  }

  async #write(method: string, path: string, expected: number, data?: object): Promise<Shown | null> {
    const reply = await this.#send(method, `/v2/currencies${path}`, data);
    if (!(await this.#expect(`${method} ${path}`, reply, expected))) return null;
    this.writes += 1;
    return reply;
  }

  async #expect(what: string, { status, body }: Shown, expected: number): Promise<boolean> {
    if (status === expected) return true;
    this.faults.push(`${what}: ${status} instead of ${expected}: ${JSON.stringify(body)?.slice(0, 300)}`);
    return false;
  }

  #send(method: string, path: string, data?: object, headers: Record<string, string> = {}): Promise<Shown> {
    return this.#options.shop.send({ method, path, headers, ...(data && { data }) });
  }
}
