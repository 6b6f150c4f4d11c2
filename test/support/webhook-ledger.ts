import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What a webhook holds, as far as the ledger needs it. */
interface Message {
  id: string;
  triggered_by: string;
  attempt: number;
  payload: { data: { id: string } };
}

/** A receiver of webhooks that keeps the ids of the deliveries of each brand. Now and then it refuses one. */
export class WebhookReceiver {
  /** Ids of deliveries that were accepted, by brand. */
  readonly accepted = new Map<string, Set<string>>();
  /** Requests, repetitions included. */
  requests = 0;
  readonly #server = createServer(async (request, response) => {
    const { id, payload } = (await json(request)) as Message;
    this.requests += 1;
    // As a receiver that has failed: the delivery comes again.
    if (this.requests % 50 === 0) {
      response.writeHead(500).end();
      return;
    }
    const brand = payload.data.id;
    this.accepted.set(brand, (this.accepted.get(brand) ?? new Set()).add(id));
    response.end();
  });

  /** Resolves with its URL. */
  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Clients that make brands, with a ledger of those that were acknowledged, and an integration that hears of them. */
export class WebhookLedger {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly brands = new Set<string>();
  /** Requests that failed, and replies that contradict what was written. */
  readonly faults: string[] = [];
  /** Acknowledged changes of the integration. */
  changes = 0;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** Makes an enabled integration that hears of new brands. Returns its id. */
  async integrate(url: string): Promise<string> {
    const kind = { type: 'integration', integration_type: 'webhook', name: 'Ledger', description: '0' };
    const configuration = { url, secret_key: 'a secret of the ledger' };
    const data = { ...kind, enabled: true, observes: ['brand.created'], configuration };
    return (await this.#send('POST', '/v2/integrations', 201, data))?.data.id;
  }

  /** Makes brands, until `going` says no. */
  async makeBrands(going: () => boolean): Promise<void> {
    while (going() && this.faults.length < 10) {
      const data = { type: 'brand', name: 'Ledger', slug: randomUUID(), status: 'live' };
      const made = await this.#send('POST', '/v2/brands', 201, data);
      if (made) this.brands.add(made.data.id);
    }
  }

  /** Changes the integration and reads it back, until `going` says no. */
  async changeIntegration(id: string, going: () => boolean): Promise<void> {
    for (let round = 1; going() && this.faults.length < 10; round += 1) {
      const description = String(round);
      if (await this.#send('PUT', `/v2/integrations/${id}`, 200, { type: 'integration', description }))
        this.changes += 1;
      const read = await this.#send('GET', `/v2/integrations/${id}`, 200);
      if (read && read.data.description !== description)
        this.faults.push(`read ${read.data.description}, not ${round}`);
    }
  }

  /** Whether the integration can be written now. No fault if it cannot. */
  async isServed(id: string): Promise<boolean> {
    const body = JSON.stringify({ data: { type: 'integration', name: 'Ledger' } });
    const reply = await fetch(`${this.#url}/v2/integrations/${id}`, { method: 'PUT', headers: this.#headers, body });
    await reply.arrayBuffer();
    return reply.status === 200;
  }

  /** The ids of the integration's deliveries, by their status. */
  async jobs(id: string): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let offset = 0; ; offset += 100) {
      const page = await this.#send('GET', `/v2/integrations/${id}/jobs?page[limit]=100&page[offset]=${offset}`, 200);
      const rows = (page?.data ?? []) as { id: string; status: string }[];
      for (const row of rows) found.set(row.id, row.status);
      if (rows.length < 100) return found;
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: a body of the API
  async #send(method: string, path: string, expected: number, data?: object): Promise<any> {
    try {
      const reply = await fetch(this.#url + path, {
        method,
        headers: this.#headers,
        ...(data ? { body: JSON.stringify({ data }) } : {}),
      });
      const text = await reply.text();
      if (reply.status === expected) return JSON.parse(text);
      this.faults.push(`${method} ${path}: ${reply.status} instead of ${expected}: ${text.slice(0, 300)}`);
    } catch (error) {
      this.faults.push(`${method} ${path}: ${String((error as Error).cause ?? error)}`);
    }
    return undefined;
  }
}
