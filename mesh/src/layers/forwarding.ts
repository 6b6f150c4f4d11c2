import type { Exchange } from '../exchange.ts';
import { replyAtLastForward } from '../filters/max-forwards.ts';
import { type Headers, header, headerValues, setHeader } from '../headers.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { clientBehind } from '../policy/client.ts';
import { overrideHeader } from './override.ts';

/** The name of this mesh in Via. */
const pseudonym = '1.1 mesh';

/** Only a proxy in front of the mesh may send these. Anyone else would use them to pose as another client. */
function isClaim(field: string): boolean {
  // Gateway interfaces such as CGI and WSGI map both to the same variable.
  const name = field.includes('_') ? field.replaceAll('_', '-') : field;
  if (claims.has(name) || name.startsWith('x-forwarded-')) return true;
  // The layer override decides by the route whether to drop the field.
  return name.startsWith('x-mesh-') && field !== overrideHeader;
}

const claims: ReadonlySet<string> = new Set([
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  // Some frameworks take the path from these fields, past the routing here.
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

/** A host as an element of a list: the name may contain a comma. */
function listElement(authority: string): string {
  return authority.includes(',') ? authority.replaceAll(',', '%2C') : authority;
}

/** Records for whom a request is forwarded, and drops the claims of untrusted peers about that. */
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

  /** Keeps the fields that the peer has set, and adds the missing ones. */
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
      'Sets Via, X-Request-Id and, at the edge, X-Forwarded-*; determines the client; drops the claims of untrusted peers.',
    inside: [{ name: 'admission', reason: 'a refused request needs no fields' }],
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
