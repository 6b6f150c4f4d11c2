import { randomUUID } from 'node:crypto';
import { until } from './until.ts';

interface Expected {
  /** The orders that the export has to hold, in their order. */
  orders: readonly string[];
  /** What the client got. */
  file: string;
}

interface JobShown {
  id: string;
  status: string;
  error?: string;
  link: { href: string };
}

const address = {
  ...{ first_name: 'Ada', last_name: 'Byron', line_1: '1 Analytical Row', city: 'London' },
  ...{ postcode: 'N1 1AA', county: 'London', country: 'GB' },
};

/**
 * Clients that make orders and export them, with a ledger of every acknowledged job. Each client has a customer of its
 * own, so that it knows which orders its exports have to hold.
 */
export class JobLedger {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #expected = new Map<string, Expected>();
  /** Requests that failed, and exports that do not hold what they have to. */
  readonly faults: string[] = [];
  /** Exports that were read. */
  exports = 0;

  /** @param url of the edge */
  constructor(url: string, token: string) {
    this.#url = `${url}/v2`;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** One client, until `going` says no. */
  async write(client: string, going: () => boolean): Promise<void> {
    const email = `${client}-${randomUUID()}@example.com`;
    const product = (await this.#send('GET', '/products?filter=eq(status,live)&page[limit]=1', 200))?.data[0]?.id;
    const orders: string[] = [];
    while (going() && this.faults.length < 10) {
      const made = await this.#order(email, product);
      if (made === undefined) continue;
      orders.push(made);
      await this.#export(email, [...orders]);
    }
  }

  /** Compares the jobs and files that the platform shows with the ledger. Returns the differences. */
  async compare(): Promise<string[]> {
    const differences: string[] = [];
    const shown = new Map<string, JobShown>();
    for (let offset = 0; ; offset += 100) {
      const page = await this.#send('GET', `/jobs?page[limit]=100&page[offset]=${offset}`, 200);
      const rows = (page?.data ?? []) as JobShown[];
      for (const job of rows) {
        if (shown.has(job.id)) differences.push(`${job.id} is shown twice`);
        shown.set(job.id, job);
      }
      if (rows.length < 100) break;
    }
    for (const [id, { file }] of this.#expected) {
      const status = shown.get(id)?.status;
      if (status !== 'complete') differences.push(`${id} is ${status}`);
      else if ((await this.#file(id)) !== file) differences.push(`${id} has another file than before`);
    }
    return differences;
  }

  async #order(email: string, product: string): Promise<string | undefined> {
    const cart = randomUUID();
    const line = { type: 'cart_item', id: product, quantity: 1 };
    if (!(await this.#send('POST', `/carts/${cart}/items`, 201, line))) return undefined;
    const customer = { name: 'Ada', email };
    const data = { customer, billing_address: address, shipping_address: address };
    return (await this.#send('POST', `/carts/${cart}/checkout`, 201, data))?.data.id;
  }

  async #export(email: string, orders: readonly string[]): Promise<void> {
    const filter = `eq(email,${email})`;
    const made = await this.#send('POST', '/jobs', 201, { type: 'job', job_type: 'order_export', filter });
    const id = made?.data.id as string | undefined;
    if (id === undefined) return;
    let job: JobShown | undefined;
    await until(
      `job ${id} to end`,
      async () => {
        job = (await this.#send('GET', `/jobs/${id}`, 200))?.data;
        return job === undefined || ['complete', 'failed'].includes(job.status);
      },
      { limitMs: 120_000 },
    ).catch((error: unknown) => this.faults.push(`${error}: ${JSON.stringify(job)}`));
    if (job?.status !== 'complete') {
      this.faults.push(`${id} is ${job?.status}: ${job?.error}`);
      return;
    }
    const file = await this.#file(id);
    const held = file
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.slice(0, 36));
    if (held.join() !== orders.join()) this.faults.push(`${id} holds ${held}, not ${orders}`);
    this.#expected.set(id, { orders, file });
    this.exports += 1;
  }

  async #file(id: string): Promise<string> {
    return (await this.#send('GET', `/jobs/${id}/file/content`, 200)) ?? '';
  }

  // biome-ignore lint/suspicious/noExplicitAny: a body of the API
  async #send(method: string, path: string, expected: number, data?: object): Promise<any> {
    try {
      const reply = await fetch(`${this.#url}${path}`, {
        method,
        headers: this.#headers,
        ...(data ? { body: JSON.stringify({ data }) } : {}),
      });
      const text = await reply.text();
      if (reply.status !== expected) {
        this.faults.push(`${method} ${path}: ${reply.status} instead of ${expected}: ${text.slice(0, 300)}`);
        return undefined;
      }
      return reply.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    } catch (error) {
      this.faults.push(`${method} ${path}: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
  }
}
