import { request, type ServerResponse } from 'node:http';
import type { NextHop } from './instances.ts';

/** On a reply, `false`: the mesh has tried it again already. */
const retryableHeader = 'x-mesh-retryable';
const timeoutHeader = 'x-request-timeout-ms';
const passedInwards = ['traceparent', 'tracestate', 'baggage', 'x-mesh-override', 'x-mesh-shadow'];

/**
 * Calls the service behind this one, through the mesh, and replies as it did, with the headers that a service passes
 * on: the trace and the time that is left inwards, what the mesh says about trying again outwards.
 *
 * @param arrivedAtMs `performance.now()` when the request came
 */
export function callNext(
  next: NextHop,
  incoming: NodeJS.Dict<string | string[]>,
  arrivedAtMs: number,
  response: ServerResponse,
): void {
  const headers: Record<string, string> = { host: next.host };
  for (const name of passedInwards) if (typeof incoming[name] === 'string') headers[name] = incoming[name];
  const givenMs = Number(incoming[timeoutHeader]);
  if (givenMs > 0) {
    headers[timeoutHeader] = String(Math.max(1, Math.floor(givenMs - (performance.now() - arrivedAtMs))));
  }
  const respond = (status: number, mark?: string) => {
    const passedOn = mark !== undefined && next.passesOn ? { [retryableHeader]: mark } : {};
    response.writeHead(status, { ...passedOn, 'content-length': 0 }).end();
  };
  const call = request(next.url, { headers }, (reply) => {
    const mark = reply.headers[retryableHeader];
    reply.resume();
    reply.once('end', () => respond(reply.statusCode ?? 502, typeof mark === 'string' ? mark : undefined));
    reply.once('error', () => respond(502));
  });
  call.once('error', () => respond(502));
  // The caller has gone, or a hop has canceled the request: the call on its behalf is canceled, too.
  response.once('close', () => call.destroy());
  call.end();
}
