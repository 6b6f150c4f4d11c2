import { type BodySource, bodyOf } from '../body.ts';
import { Exchange } from '../exchange.ts';
import type { Headers } from '../headers.ts';
import { HeldMemory } from '../memory/held-memory.ts';

const memory = new HeldMemory(Number.POSITIVE_INFINITY);

export interface Asked {
  method?: string;
  path?: string;
  headers?: Headers;
  body?: BodySource | string | null;
}

/** A request as a listener passes it on. */
export function exchangeOf({ method = 'GET', path = '/', headers = [], body = null }: Asked = {}): Exchange {
  return new Exchange({
    facts: {
      id: 'id',
      entrance: { name: 'edge', side: 'north-south', port: 0 },
      peerAddress: '127.0.0.1',
      clientAddress: '127.0.0.1',
      scheme: 'http',
      startedAtMs: 0,
      failure: null,
      flags: [],
      attempts: 0,
      endpoint: null,
      memory,
      bytesReceived: 0,
      span: null,
    },
    method,
    path,
    authority: 'shop',
    headers,
    body: typeof body === 'string' ? bodyOf(Buffer.from(body)) : body,
  });
}
