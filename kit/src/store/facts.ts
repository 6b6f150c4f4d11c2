import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { deadlineOf, timeoutHeader } from '../mesh/client.ts';
import { type TraceContext, traceContext } from '../mesh/trace.ts';
import type { NewEvent } from './events.ts';

/** The namespace of the ids of facts. Never changes: an id must be the same for ever, and on every side. */
const factNamespace = '7f6c2c1e-6d0b-4b53-9a86-0f3c5b1f0a77';

/** The UUIDv5 of a name in a namespace, which is a UUID (RFC 9562, section 5.5). */
export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  const bytes = hash.subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The id of the fact that an aggregate changed to this version: two sides that tell of one change make the same id. An
 * aggregate is made once, so that fact has its id whatever the version: a side that gets several changes together tells
 * of the creation with the version of the last one.
 *
 * @param type such as `brand.updated`; holds no blank
 */
export function factId(type: string, aggregateId: string, version: number): string {
  const which = type.endsWith('.created') ? 'first' : String(version);
  return uuid5(factNamespace, `${type} ${which} ${aggregateId}`);
}

/** What a change was caused by: the trace of the request, and when its caller stops waiting. */
export type Cause = Pick<NewEvent, 'trace' | 'deadlineMs'>;

/** @param nowMs when the request arrived, in Unix ms */
export function causeOf(headers: IncomingHttpHeaders, nowMs: number): Cause {
  const trace: TraceContext = traceContext(headers);
  const deadlineMs = deadlineOf(headers[timeoutHeader], Math.floor(nowMs));
  return {
    ...(Object.keys(trace).length === 0 ? {} : { trace }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

/** A change of an aggregate, for the others. */
export interface Told {
  /** Type and the version of its schema, as in the service's `contract.ts`. */
  event: { type: string; version: number };
  aggregateId: string;
  /** What `changed` of `Moves.write` returned for the aggregate. */
  version: number;
  /** The aggregate as the API shows it, in `data`. Null: it does not exist any more. */
  state: unknown;
  /** Unix microseconds. */
  atUs: number;
}

/** The event that tells of a change. Add it to the outbox in the transaction of the change, once per aggregate. */
export function factOf({ event, aggregateId, version, state, atUs }: Told, cause: Cause = {}): NewEvent {
  return {
    id: factId(event.type, aggregateId, version),
    type: event.type,
    typeVersion: event.version,
    aggregateId,
    aggregateVersion: version,
    state,
    occurredAtUs: atUs,
    ...cause,
  };
}
