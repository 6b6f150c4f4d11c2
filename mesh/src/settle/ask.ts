import { bodyOf } from '../body.ts';
import type { Clock, Random } from '../clock.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError, type FailureCode, MeshError } from '../errors.ts';
import { Exchange } from '../exchange.ts';
import { HeldMemory } from '../memory/held-memory.ts';
import type { ClientSink, Reply } from '../reply.ts';
import { readinessIn } from '../service-state/readiness.ts';

/** Characters of a refusal that are kept, for the log. */
const reasonCharsMax = 500;
const memory = new HeldMemory(1024 * 1024);

/**
 * A connection that has just been closed, or an instance that has just gone: the question costs nothing, so it is asked
 * again, once.
 */
const askedAgain: ReadonlySet<FailureCode> = new Set<FailureCode>(['connect_failed', 'upstream_reset']);

/**
 * Asks `service` whether `resources` have settled: `POST /settle {"resources":[…]}`. Resolves with null for 2xx,
 * otherwise with the reason. Never rejects.
 */
export async function askSettled(
  service: Service,
  resources: readonly string[],
  options: { clock: Clock; random: Random; limitMs: number },
): Promise<string | null> {
  const first = endpointOf(service, null, options);
  if (first === null) return `${service.name} has no instance`;
  try {
    return await askOne(first, resources, options);
  } catch (thrown) {
    const second = endpointOf(service, first, options);
    if (!askedAgain.has(asMeshError(thrown).code) || second === null) return reasonOf(service, thrown);
    return askOne(second, resources, options).catch((again) => reasonOf(service, again));
  }
}

/** A ready endpoint if there is one, another than `tried` if there is one. */
function endpointOf(
  service: Service,
  tried: Endpoint | null,
  { clock, random }: { clock: Clock; random: Random },
): Endpoint | null {
  const nowMs = clock.now();
  const readiness = readinessIn(service, random);
  const preferred = (endpoints: readonly Endpoint[], test: (endpoint: Endpoint) => boolean) => {
    const fitting = endpoints.filter(test);
    return fitting.length > 0 ? fitting : endpoints;
  };
  const ready = preferred(service.endpoints, (endpoint) => readiness(endpoint, nowMs) === 'ready');
  const among = preferred(ready, (endpoint) => endpoint !== tried);
  return among[Math.floor(random() * among.length)] ?? null;
}

/** @throws MeshError without a reply in time */
async function askOne(
  { service, connections }: Endpoint,
  resources: readonly string[],
  { clock, limitMs }: { clock: Clock; limitMs: number },
): Promise<string | null> {
  const request = requestFor(service, resources, clock.now(), limitMs);
  const cancel = clock.after(limitMs, () =>
    request.abort(new MeshError('attempt_timeout', `no reply within ${limitMs} ms`)),
  );
  try {
    const reply = await connections.send(request);
    if (reply.status >= 200 && reply.status < 300) {
      reply.body.discard();
      return null;
    }
    return `${service} replied with ${reply.status}: ${await textOf(reply)}`;
  } finally {
    cancel();
  }
}

function reasonOf({ name }: Service, thrown: unknown): string {
  const { code, detail } = asMeshError(thrown);
  return `${name}: ${code}: ${detail}`;
}

function requestFor(authority: string, resources: readonly string[], startedAtMs: number, limitMs: number): Exchange {
  return new Exchange({
    facts: {
      id: 'settle',
      entrance: { name: 'internal', side: 'east-west', port: 0 },
      peerAddress: '127.0.0.1',
      clientAddress: '127.0.0.1',
      scheme: 'http',
      startedAtMs,
      failure: null,
      flags: [],
      attempts: 0,
      endpoint: null,
      memory,
      bytesReceived: 0,
      span: null,
    },
    method: 'POST',
    path: '/settle',
    authority,
    headers: [
      'content-type',
      'application/json',
      'accept',
      'application/json',
      'x-request-timeout-ms',
      String(limitMs),
    ],
    body: bodyOf(Buffer.from(JSON.stringify({ resources }))),
  });
}

/** The beginning of a body, for people. */
function textOf({ body }: Reply): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const add = (bytes: Uint8Array | null) => {
      if (bytes !== null && text.length < reasonCharsMax) text += Buffer.from(bytes).toString('utf8');
      return true;
    };
    const sink: ClientSink = { write: add, onWritable() {}, end: (last) => void add(last), fail() {} };
    body.onEnd(() => resolve(text.slice(0, reasonCharsMax)));
    body.pipeTo(sink);
  });
}
