import type { Exchange } from '../exchange.ts';
import { type Headers, header, headerValues, setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { clientBehind } from '../policy/client.ts';
import { replyAtLastForward } from './max-forwards.ts';
import { overrideHeader } from './override.ts';

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

/** A host as an element of a list: the name may have a comma. */
function listElement(authority: string): string {
  return authority.includes(',') ? authority.replaceAll(',', '%2C') : authority;
}

/** Says on whose behalf a request is passed on, and drops what an outsider claims about that. */
export function forwarding({ trustsPeer }: Parts): Layer {
  const fromOutsider = (exchange: Exchange) => {
    const kept: string[] = [];
    const { headers, facts, authority } = exchange;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      if (!isClaim(name)) kept.push(name, headers[i + 1] as string);
    }
    kept.push('x-forwarded-for', facts.peerAddress, 'x-forwarded-proto', 'http');
    kept.push('x-forwarded-host', listElement(authority));
    exchange.headers = kept;
  };

  /** What the peer says stays, field by field; what it does not say is added. */
  const fromTrusted = ({ headers, facts, authority }: Exchange) => {
    const { address, scheme } = clientBehind(facts.peerAddress, headers, trustsPeer);
    facts.clientAddress = address;
    facts.scheme = scheme;
    const before = list(headers, 'x-forwarded-for');
    const addresses = before === undefined ? facts.peerAddress : `${before}, ${facts.peerAddress}`;
    setHeader(headers, 'x-forwarded-for', addresses);
    setHeader(headers, 'x-forwarded-proto', scheme);
    if (header(headers, 'x-forwarded-host') === undefined) headers.push('x-forwarded-host', listElement(authority));
  };

  return {
    name: 'forwarding',
    scope: 'request',
    sentence:
      'Sets Via, X-Request-Id and, at the edge, X-Forwarded-*; finds out who the client is; drops what outsiders claim.',
    inside: [{ name: 'admission', reason: 'what is turned away needs no fields' }],
    wrap: (next) => (exchange) => {
      const last = replyAtLastForward(exchange);
      if (last !== null) return Promise.resolve(last);
      const { facts } = exchange;
      if (facts.entrance.side === 'north-south') {
        if (trustsPeer(facts.peerAddress)) fromTrusted(exchange);
        else fromOutsider(exchange);
      }
      const via = list(exchange.headers, 'via');
      setHeader(exchange.headers, 'via', via === undefined ? pseudonym : `${via}, ${pseudonym}`);
      const id = header(exchange.headers, 'x-request-id');
      if (id !== undefined && /^[\w.:-]{1,128}$/.test(id)) facts.id = id;
      setHeader(exchange.headers, 'x-request-id', facts.id);
      return next(exchange);
    },
  };
}
