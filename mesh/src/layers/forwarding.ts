import type { Exchange } from '../exchange.ts';
import { type Headers, header, headerValues, setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import { overrideHeader } from './override.ts';
import type { Parts } from './parts.ts';

/** The name by which this mesh appears in Via. */
const pseudonym = '1.1 mesh';

/** What only a proxy in front of us may say, and an outsider would say to be taken for somebody else. */
function isClaim(field: string): boolean {
  // Gateway interfaces such as CGI and WSGI make the same variable of both.
  const name = field.includes('_') ? field.replaceAll('_', '-') : field;
  if (claims.has(name) || name.startsWith('x-forwarded-')) return true;
  // Who may override is the route's to say: the layer of that name drops it.
  return name.startsWith('x-mesh-') && field !== overrideHeader;
}

const claims: ReadonlySet<string> = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  // Some frameworks take the path from these, past the routing here.
  'x-original-url',
  'x-rewrite-url',
  // CGI makes HTTP_PROXY of it.
  'proxy',
]);

/** All values of a list field as one (RFC 9110 section 5.3). */
function list(headers: Headers, name: string): string | undefined {
  const values = headerValues(headers, name);
  return values.length === 0 ? undefined : values.join(', ');
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
    const before = list(exchange.headers, 'x-forwarded-for');
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
      const via = list(exchange.headers, 'via');
      setHeader(exchange.headers, 'via', via === undefined ? pseudonym : `${via}, ${pseudonym}`);
      const id = header(exchange.headers, 'x-request-id');
      if (id !== undefined && /^[\w.:-]{1,128}$/.test(id)) facts.id = id;
      setHeader(exchange.headers, 'x-request-id', facts.id);
      return next(exchange);
    },
  };
}
