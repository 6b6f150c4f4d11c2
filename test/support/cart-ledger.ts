import { randomUUID } from 'node:crypto';

/** Expected quantities by SKU, in the order of the lines. */
type Lines = ReadonlyMap<string, number>;

/**
 * Clients that fill carts and read back what they wrote, with a ledger of every acknowledged write. Each client has carts
 * of its own, so that it knows what it has to read. A part of the carts is checked out.
 */
export class CartLedger {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #code: string;
  readonly #products: readonly { id: string; sku: string }[];
  readonly #expected = new Map<string, Lines>();
  /** Requests that failed, and reads of something older than what was written. */
  readonly faults: string[] = [];
  /** Acknowledged writes. */
  writes = 0;
  /** Carts whose order had exactly their lines, and cost what the cart showed. */
  orders = 0;
  /** Products that forty clients added at once, and all of it was there. */
  together = 0;

  /**
   * @param products of which there is enough stock
   * @param code of a promotion that takes off a dollar
   */
  constructor(url: string, token: string, products: readonly { id: string; sku: string }[], code: string) {
    this.#url = `${url}/v2/carts`;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    this.#products = products;
    this.#code = code;
  }

  /** One client, until `going` says no. */
  async write(client: string, going: () => boolean): Promise<void> {
    for (let round = 0; going() && this.faults.length < 10; round += 1) {
      const cart = `${client}-${round}-${randomUUID()}`;
      const lines = new Map<string, number>();
      for (let change = 0; change < 4; change += 1) {
        const wanted = this.#products[(round + change) % this.#products.length];
        const sku = change % 2 === 0 || wanted === undefined ? `custom-${change}` : wanted.sku;
        const data =
          wanted !== undefined && sku === wanted.sku
            ? { type: 'cart_item', id: wanted.id, quantity: 1 }
            : { type: 'custom_item', name: 'N', sku, quantity: 1, price: { amount: 100 + change } };
        // Every second addition has a key, as a client sends it that repeats by itself.
        const key = change % 2 === 0 ? {} : { 'idempotency-key': randomUUID() };
        const added = await this.#send('POST', `/${cart}/items`, 201, { data }, key);
        if (added === undefined) return;
        lines.set(sku, (lines.get(sku) ?? 0) + 1);
        this.#expected.set(cart, new Map(lines));
        await this.#read(cart);
      }
      if (round % 4 === 0) {
        const data = { type: 'promotion_item', code: this.#code };
        if ((await this.#send('POST', `/${cart}/items`, 201, { data })) === undefined) return;
        lines.set(this.#code, 1);
        this.#expected.set(cart, new Map(lines));
        await this.#read(cart);
      }
      if (round % 4 < 2) await this.#checkOut(cart, lines);
      if (round % 4 === 2) await this.#addTogether(cart, lines);
      if (round % 4 === 3) {
        await this.#send('DELETE', `/${cart}`, 204);
        this.#expected.set(cart, new Map());
        await this.#read(cart);
        if (round % 8 === 3) continue;
        // The id is used again: the new cart has nothing of the old one.
        const data = { type: 'custom_item', name: 'N', sku: 'again', quantity: 1, price: { amount: 1 } };
        if ((await this.#send('POST', `/${cart}/items`, 201, { data })) === undefined) return;
        this.#expected.set(cart, new Map([['again', 1]]));
        await this.#read(cart);
      }
    }
  }

  /** Compares the carts that the platform shows with the ledger. Returns the differences. */
  async compare(): Promise<string[]> {
    const faults = this.faults.length;
    for (const cart of this.#expected.keys()) await this.#read(cart);
    return this.faults.splice(faults);
  }

  /** Forty additions of one product at once make one line of forty. */
  async #addTogether(cart: string, lines: Map<string, number>): Promise<void> {
    const [wanted] = this.#products;
    if (wanted === undefined) return;
    const data = { type: 'cart_item', id: wanted.id, quantity: 1 };
    const added = await Promise.all(
      Array.from({ length: 40 }, () => this.#send('POST', `/${cart}/items`, 201, { data })),
    );
    if (added.includes(undefined)) return;
    lines.set(wanted.sku, (lines.get(wanted.sku) ?? 0) + 40);
    this.#expected.set(cart, new Map(lines));
    await this.#read(cart);
    this.together += 1;
  }

  async #checkOut(cart: string, lines: Lines): Promise<void> {
    const address = { first_name: 'A', last_name: 'B', line_1: '1', postcode: '1', county: 'X', country: 'GB' };
    const data = { customer: { name: 'Ada', email: 'ada@example.com' }, billing_address: address };
    const shown = await this.#send('GET', `/${cart}`, 200);
    const order = await this.#send('POST', `/${cart}/checkout`, 201, { data });
    const count = order?.data?.relationships?.items?.data?.length;
    const [price, expected] = [order, shown].map((reply) => reply?.data?.meta?.display_price?.with_tax?.amount);
    if (count === lines.size && price === expected) this.orders += 1;
    else this.faults.push(`the order of ${cart}: ${count} lines at ${price}, not ${lines.size} at ${expected}`);
  }

  async #read(cart: string): Promise<void> {
    const found = await this.#send('GET', `/${cart}/items`, 200);
    if (found === undefined) return;
    const shown = found.data
      .map((line: { sku: string; quantity: number }) => `${line.sku} x${line.quantity}`)
      .join(', ');
    const expected = [...(this.#expected.get(cart) ?? [])].map(([sku, quantity]) => `${sku} x${quantity}`).join(', ');
    if (shown !== expected) this.faults.push(`read of ${cart}: ${shown} and not ${expected}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a body of the API
  async #send(method: string, path: string, expected: number, body?: object, headers: object = {}): Promise<any> {
    try {
      const reply = await fetch(`${this.#url}${path}`, {
        method,
        headers: { ...this.#headers, ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await reply.text();
      if (reply.status !== expected) {
        this.faults.push(`${method} ${path}: ${reply.status} instead of ${expected}: ${text.slice(0, 300)}`);
        return undefined;
      }
      if (method !== 'GET') this.writes += 1;
      return text === '' ? {} : JSON.parse(text);
    } catch (error) {
      this.faults.push(`${method} ${path}: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
  }
}
