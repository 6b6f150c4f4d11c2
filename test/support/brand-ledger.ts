import { randomUUID } from 'node:crypto';

interface Expected {
  name: string;
  slug: string;
}

/**
 * Clients that write brands and read back what they wrote, with a ledger of every acknowledged write. Each client has
 * brands of its own, so that it knows what it has to read.
 */
export class BrandLedger {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #expected = new Map<string, Expected>();
  readonly #deleted = new Set<string>();
  /** Requests that failed, and reads of something older than what was written. */
  readonly faults: string[] = [];
  /** Acknowledged writes. */
  writes = 0;

  constructor(url: string, token: string) {
    this.#url = `${url}/v2/brands`;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** One client, until `going` says no. */
  async write(client: string, going: () => boolean): Promise<void> {
    for (let round = 0; going() && this.faults.length < 10; round += 1) {
      const slug = `${client}-${round}-${randomUUID().slice(0, 8)}`;
      const created = await this.#send('POST', '', 201, { type: 'brand', name: `${slug} 0`, slug, status: 'live' });
      const id = created?.data?.id as string | undefined;
      if (id === undefined) continue;
      this.#expected.set(id, { name: `${slug} 0`, slug });
      await this.#read(id);
      for (let change = 1; change <= 3; change += 1) {
        const name = `${slug} ${change}`;
        if (await this.#send('PUT', `/${id}`, 200, { type: 'brand', name })) this.#expected.set(id, { name, slug });
        await this.#read(id);
      }
      if (round % 3 === 0) {
        await this.#send('DELETE', `/${id}`, 204);
        this.#expected.delete(id);
        this.#deleted.add(id);
        await this.#send('GET', `/${id}`, 404);
      }
    }
  }

  /** Compares the brands that the platform shows with the ledger. Returns the differences. */
  async compare(): Promise<string[]> {
    const differences: string[] = [];
    const shown = new Map<string, Expected>();
    for (let offset = 0; ; offset += 100) {
      const page = await this.#send('GET', `?page[limit]=100&page[offset]=${offset}`, 200);
      const rows = (page?.data ?? []) as (Expected & { id: string })[];
      for (const { id, name, slug } of rows) {
        if (shown.has(id)) differences.push(`${id} is shown twice`);
        shown.set(id, { name, slug });
      }
      if (rows.length < 100) break;
    }
    for (const [id, { name }] of this.#expected) {
      if (shown.get(id)?.name !== name) differences.push(`${id} is ${shown.get(id)?.name}, not ${name}`);
    }
    for (const id of this.#deleted) if (shown.has(id)) differences.push(`${id} was deleted and is there`);
    const slugs = new Set([...this.#expected.values()].map(({ slug }) => slug));
    const ours = [...shown].filter(([, { slug }]) => slugs.has(slug));
    if (ours.length !== this.#expected.size) differences.push(`${ours.length} shown, ${this.#expected.size} written`);
    return differences;
  }

  async #read(id: string): Promise<void> {
    const found = await this.#send('GET', `/${id}`, 200);
    const expected = this.#expected.get(id)?.name;
    if (found && found.data.name !== expected) this.faults.push(`read ${found.data.name} after writing ${expected}`);
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
      if (method !== 'GET') this.writes += 1;
      return text === '' ? {} : JSON.parse(text);
    } catch (error) {
      this.faults.push(`${method} ${path}: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
  }
}
