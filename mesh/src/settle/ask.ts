import { bodyOf } from '../body.ts';
import type { Clock, Random } from '../clock.ts';
import type { Service } from '../discovery/service.ts';
import { asMeshError, MeshError } from '../errors.ts';
import { Exchange } from '../exchange.ts';
import { HeldMemory } from '../memory/held-memory.ts';
import type { ClientSink, Reply } from '../reply.ts';
import { readinessIn } from '../service-state/readiness.ts';

/** Characters of a refusal that are kept, for the log. */
const reasonCharsMax = 500;
const memory = new HeldMemory(1024 * 1024);

/**
 * Asks `service` whether `resources` have settled: `POST /settle {"resources":[…]}`. Resolves with null for 2xx,
 * otherwise with the reason. Never rejects.
 */
export async function askSettled(
  service: Service,
  resources: readonly string[],
  { clock, random, limitMs }: { clock: Clock; random: Random; limitMs: number },
): Promise<string | null> {
  const nowMs = clock.now();
  const readiness = readinessIn(service, random);
  const ready = service.endpoints.filter((endpoint) => readiness(endpoint, nowMs) === 'ready');
  const among = ready.length > 0 ? ready : service.endpoints;
  const endpoint = among[Math.floor(random() * among.length)];
  if (endpoint === undefined) return `${service.name} has no instance`;
  const request = requestFor(service.name, resources, nowMs, limitMs);
  const cancel = clock.after(limitMs, () =>
    request.abort(new MeshError('attempt_timeout', `no reply within ${limitMs} ms`)),
  );
  try {
    const reply = await endpoint.connections.send(request);
    if (reply.status >= 200 && reply.status < 300) {
      reply.body.discard();
      return null;
    }
    return `${service.name} replied with ${reply.status}: ${await textOf(reply)}`;
  } catch (thrown) {
    const { code, detail } = asMeshError(thrown);
    return `${service.name}: ${code}: ${detail}`;
  } finally {
    cancel();
  }
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
