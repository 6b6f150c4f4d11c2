import { randomUUID } from 'node:crypto';

/** What may be true of a brand: one of these names; null: it does not exist. */
interface Possible {
  slug: string;
  names: Set<string | null>;
}

/** An acknowledged write, in monotonic ms. */
interface Acknowledged {
  begunMs: number;
  endedMs: number;
}

/**
 * Clients that write brands while processes and stores die. A write that failed or got no reply may have happened or not;
 * an acknowledged one must hold. After a write of unknown outcome its brand is left alone, because that write may still
 * be under way.
 */
export class TolerantLedger {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  /** By id. */
  readonly #brands = new Map<string, Possible>();
  /** Slugs of creations without an acknowledgement. */
  readonly #maybe = new Set<string>();
  readonly acknowledged: Acknowledged[] = [];
  /** Writes of unknown outcome. */
  unknown = 0;
  /** Replies that contradict what was acknowledged. */
  readonly faults: string[] = [];

  constructor(url: string, token: string) {
    this.#url = `${url}/v2/brands`;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** One client, until `going` says no. */
  async write(client: string, going: () => boolean): Promise<void> {
    for (let round = 0; going() && this.faults.length < 10; round++) {
      const slug = `${client}-${round}-${randomUUID().slice(0, 8)}`;
      const created = await this.#send('POST', '', 201, { type: 'brand', name: `${slug} 0`, slug, status: 'live' });
      if (created === null) {
        this.#maybe.add(slug);
        continue;
      }
      const id = (created as { data: { id: string } }).data.id;
      const brand: Possible = { slug, names: new Set([`${slug} 0`]) };
      this.#brands.set(id, brand);
      let isKnown = true;
      for (let change = 1; change <= 3 && isKnown && going(); change++) {
        isKnown = await this.#change(brand, `${slug} ${change}`, () =>
          this.#send('PUT', `/${id}`, 200, { type: 'brand', name: `${slug} ${change}` }),
        );
      }
      if (isKnown && round % 3 === 0) await this.#change(brand, null, () => this.#send('DELETE', `/${id}`, 204));
    }
  }

  async #change(brand: Possible, to: string | null, send: () => Promise<unknown>): Promise<boolean> {
    const done = (await send()) !== null;
    if (done) brand.names.clear();
    brand.names.add(to);
    return done;
  }

  /** Compares the brands that the platform shows with what may be true. Returns the losses and what is there twice. */
  async compare(): Promise<string[]> {
    const differences: string[] = [];
    const shown = new Map<string, string>();
    const slugs = new Map<string, number>();
    for (let offset = 0; ; offset += 100) {
      const reply = await fetch(`${this.#url}?page[limit]=100&page[offset]=${offset}`, { headers: this.#headers });
      if (reply.status !== 200) throw new Error(`brands: ${reply.status} ${await reply.text()}`);
      const { data } = (await reply.json()) as { data: { id: string; name: string; slug: string }[] };
      for (const { id, name, slug } of data) {
        if (shown.has(id)) differences.push(`${id} is shown twice`);
        shown.set(id, name);
        slugs.set(slug, (slugs.get(slug) ?? 0) + 1);
      }
      if (data.length < 100) break;
    }
    for (const [id, { slug, names }] of this.#brands) {
      const name = shown.get(id) ?? null;
      if (!names.has(name)) differences.push(`${slug} is ${name}, not ${[...names].join(' or ')}`);
      if ((slugs.get(slug) ?? 0) > 1) differences.push(`${slug} is there twice`);
    }
    for (const slug of this.#maybe) if ((slugs.get(slug) ?? 0) > 1) differences.push(`${slug} is there twice`);
    return differences;
  }

  /** The longest time in ms that no write was acknowledged for, within a part of the run. */
  longestPauseMs(fromMs: number, toMs: number): number {
    const ends = this.acknowledged.map(({ endedMs }) => endedMs).filter((ms) => ms > fromMs && ms < toMs);
    let last = fromMs;
    let longest = 0;
    for (const ms of [...ends, toMs]) {
      longest = Math.max(longest, ms - last);
      last = ms;
    }
    return longest;
  }

  /** The body of an acknowledged write; null: its outcome is unknown. */
  async #send(method: string, path: string, expected: number, data?: object): Promise<unknown> {
    const begunMs = performance.now();
    try {
      const reply = await fetch(`${this.#url}${path}`, {
        method,
        headers: this.#headers,
        ...(data ? { body: JSON.stringify({ data }) } : {}),
      });
      const text = await reply.text();
      if (reply.status === expected) {
        this.acknowledged.push({ begunMs, endedMs: performance.now() });
        return text === '' ? {} : JSON.parse(text);
      }
      if (reply.status < 500) this.faults.push(`${method} ${path}: ${reply.status} ${text.slice(0, 300)}`);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    } catch {
      // No reply: the edge is away.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.unknown++;
    return null;
  }
}
