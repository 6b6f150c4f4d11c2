import type { FuzzCase } from './cases.ts';
import type { ClientOutcome } from './client.ts';
import type { Observed } from './observer.ts';
import { behaviorField, markerField } from './observer.ts';
import { type ClientReply, readReplies } from './responses.ts';
import { contentFor, type Received } from './upstream.ts';

/** A finished case, as three readers saw it: the mesh, Node behind it, and the client. */
export interface Played {
  fuzz: FuzzCase;
  clientAddress: string;
  client: ClientOutcome;
  /** In the order of the requests on the connection. */
  observed: readonly Observed[];
  /** Requests at the upstream, by the marker that the mesh's side added. */
  received: ReadonlyMap<string, readonly Received[]>;
}

/** Everything that is wrong with a case; empty if the mesh did well. */
export function judge(played: Played): string[] {
  const findings: string[] = [];
  if (played.client.end === 'hung') findings.push('the connection stayed open after its client had left');
  for (const observed of played.observed) {
    const at = `${observed.method} ${observed.path}`;
    const received = played.received.get(observed.marker) ?? [];
    for (const fault of forwardingFaults(observed, received)) findings.push(`${at}: ${fault}`);
  }
  findings.push(...replyFaults(played));
  if (played.fuzz.plain) findings.push(...plainFaults(played));
  return findings;
}

/** Whether the mesh and Node behind it have read the same. */
export function forwardingFaults(observed: Observed, received: readonly Received[]): string[] {
  const faults: string[] = [];
  const { facts, bodyEnd } = observed;
  if (!observed.ended) faults.push('the exchange never ended');
  if (observed.ends > 1) faults.push('the exchange ended more than once');
  if (observed.thrown !== null) faults.push(`the stack threw ${observed.thrown}`);
  if (facts.failure?.code === 'internal') faults.push(`a defect: ${String(facts.failure.cause)}`);
  if (received.length > facts.attempts) {
    faults.push(`${received.length} requests upstream for ${facts.attempts} attempts`);
  }
  const replied = observed.status !== null && facts.failure === null && !observed.upgrade;
  if (replied && received.length === 0 && facts.attempts > 0) faults.push('replied, and never seen upstream');
  for (const request of received) faults.push(...differences(observed, request));
  if (replied && bodyEnd === 'whole' && !received.some(({ whole }) => whole)) {
    faults.push('read whole by the mesh, and not by the upstream');
  }
  return faults;
}

function differences(observed: Observed, received: Received): string[] {
  const faults: string[] = [];
  const differ = (what: string, mesh: unknown, behind: unknown) => {
    if (mesh !== behind)
      faults.push(`${what}: ${JSON.stringify(mesh)} to the mesh, ${JSON.stringify(behind)} behind it`);
  };
  differ('method', observed.method, received.method);
  differ('target', observed.path, received.url);
  differ('upgrade', observed.upgrade, received.upgrade);
  const fields = pairs(received.rawHeaders);
  const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
  differ('Host', JSON.stringify([observed.authority]), JSON.stringify(valuesOf('host')));
  differ('X-Forwarded-For', observed.facts.peerAddress, valuesOf('x-forwarded-for').join(' and '));
  differ('fields', JSON.stringify(carried(pairs(observed.headers))), JSON.stringify(carried(fields)));
  const framing = fields.filter(([name]) => name === 'content-length' || name === 'transfer-encoding').length;
  const wanted = observed.bodyEnd === 'none' ? [0] : [1];
  // "Content-Length: 0" means the same as its absence.
  if (observed.bodyEnd === 'none' && valuesOf('content-length').join() === '0') wanted.push(1);
  if (!wanted.includes(framing)) faults.push(`${framing} fields tell the length of the body`);

  const mesh = Buffer.concat(observed.body);
  const behind = Buffer.concat(received.body);
  if (received.whole && observed.bodyEnd !== 'none' && observed.bodyEnd !== 'whole') {
    faults.push(`whole to the upstream, ${observed.bodyEnd} to the mesh`);
  }
  if (received.whole ? !mesh.equals(behind) : !mesh.subarray(0, behind.length).equals(behind)) {
    faults.push(`the body is ${mesh.length} bytes to the mesh and others, ${behind.length}, behind it`);
  }
  return faults;
}

/** Fields that the mesh writes or counts, that are about one connection, or that the edge drops. */
const notCarried =
  /^(host|connection|content-length|expect|max-forwards|transfer-encoding|upgrade|via|forwarded|x-forwarded-.*|x-request-id|x-request-timeout-ms|x-mesh-.*|traceparent|tracestate|b3|x-b3-.*|x-real-ip|x-original-url|x-rewrite-url|sec-websocket-.*)$/;

function carried(fields: readonly [string, string][]): [string, string][] {
  return fields.filter(
    ([name]) => name !== markerField && name !== behaviorField && !notCarried.test(name.replaceAll('_', '-')),
  );
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) list.push([(flat[i] as string).toLowerCase(), flat[i + 1] as string]);
  return list;
}

/** Whether the client can assign each reply to a request, and got only its own replies. */
function replyFaults({ client, observed }: Played): string[] {
  const faults: string[] = [];
  const methods = observed.map(({ method }) => method);
  const { replies, fault } = readReplies(client.received, methods);
  if (fault !== null) faults.push(`the client cannot read the replies: ${fault}`);
  if (replies.length > observed.length + 1) faults.push(`${replies.length} replies to ${observed.length} requests`);
  for (const [i, reply] of replies.entries()) {
    const request = observed[i];
    if (request === undefined) {
      if (reply.status < 400 || reply.headers.get('connection') !== 'close') {
        faults.push(`a reply (${reply.status}) that the client did not ask for`);
      }
    } else faults.push(...strangers(request, reply));
    if (i < replies.length - 1 && reply.headers.get('connection') === 'close')
      faults.push('a reply behind the last one');
  }
  return faults;
}

function strangers(request: Observed, reply: ClientReply): string[] {
  const faults: string[] = [];
  const marker = reply.headers.get(markerField);
  if (marker !== undefined && marker !== request.marker) faults.push('a reply to another client');
  if (request.status !== null && request.status !== reply.status) {
    faults.push(`status ${request.status} became ${reply.status}`);
  }
  const content = contentFor(request.marker);
  if (marker !== undefined && reply.whole && reply.body !== '' && !repeats(reply.body, content))
    faults.push('a reply altered');
  return faults;
}

function repeats(text: string, part: string): boolean {
  return text.length % part.length === 0 && text === part.repeat(text.length / part.length);
}

/** Well-formed requests must succeed. */
function plainFaults({ fuzz, client, observed, received }: Played): string[] {
  const faults: string[] = [];
  if (observed.length !== fuzz.requests)
    faults.push(`${observed.length} of ${fuzz.requests} well-formed requests read`);
  const methods = observed.map(({ method }) => method);
  const { replies } = readReplies(client.received, methods);
  // Requests that may not be retried get the failure that the upstream was told to produce.
  const good = replies.filter(
    ({ status, whole, headers }) => whole && (headers.has(markerField) || status === 503),
  ).length;
  if (good !== fuzz.requests) faults.push(`${good} of ${fuzz.requests} well-formed requests succeeded`);
  for (const { marker, method, path, facts } of observed) {
    const times = received.get(marker)?.length ?? 0;
    if (times !== facts.attempts || times === 0)
      faults.push(`${method} ${path} was seen ${times} times: ${facts.failure?.message ?? 'no failure'}`);
  }
  return faults;
}
