import type { Exchange } from '../exchange.ts';
import { header, setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import { overrideHeader } from './override.ts';
import type { Parts } from './parts.ts';

/** The name by which this mesh appears in Via. */
const pseudonym = '1.1 mesh';

/** What only a proxy in front of us may say, and an outsider would say to be taken for somebody else. */
function isClaim(name: string): boolean {
  if (name === 'forwarded' || name.startsWith('x-forwarded-') || name === 'x-real-ip') return true;
  // Who may override is the route's to say: the layer of that name drops it.
  return name.startsWith('x-mesh-') && name !== overrideHeader;
}

/** Says on whose behalf a request is passed on, and drops what an outsider claims about that. */
export function forwarding({ trustsPeer }: Parts): Layer {
  const atEdge = (exchange: Exchange) => {
    const { facts } = exchange;
    if (!trustsPeer(facts.clientAddress)) {
      const kept: string[] = [];
      const { headers } = exchange;
      for (let i = 0; i < headers.length; i += 2) {
        const name = headers[i] as string;
        if (!isClaim(name)) kept.push(name, headers[i + 1] as string);
      }
      exchange.headers = kept;
    }
    const before = header(exchange.headers, 'x-forwarded-for');
    setHeader(
      exchange.headers,
      'x-forwarded-for',
      before === undefined ? facts.clientAddress : `${before}, ${facts.clientAddress}`,
    );
    if (before === undefined) {
      setHeader(exchange.headers, 'x-forwarded-proto', 'http');
      setHeader(exchange.headers, 'x-forwarded-host', exchange.authority);
    }
  };

  return {
    name: 'forwarding',
    scope: 'request',
    sentence: 'Sets Via, X-Request-Id and, at the edge, X-Forwarded-*; drops what an outsider claims in such fields.',
    inside: [{ name: 'admission', reason: 'what is turned away needs no fields' }],
    wrap: (next) => (exchange) => {
      const { facts } = exchange;
      if (facts.entrance.side === 'north-south') atEdge(exchange);
      const via = header(exchange.headers, 'via');
      setHeader(exchange.headers, 'via', via === undefined ? pseudonym : `${via}, ${pseudonym}`);
      const id = header(exchange.headers, 'x-request-id');
      if (id !== undefined && /^[\w.:-]{1,128}$/.test(id)) facts.id = id;
      else setHeader(exchange.headers, 'x-request-id', facts.id);
      return next(exchange);
    },
  };
}
