import { randomUUID } from 'node:crypto';
import { exportSpans } from '../mesh/span-export.ts';
import { processSpans } from '../mesh/spans.ts';
import { type HeldLease, holdLease } from '../service/lease.ts';
import type { Running } from '../service/lifecycle.ts';
import { retryUntilDone } from '../service/retry-until.ts';
import { type MessageParts, startMessages } from './messages.ts';
import { leaveStartBehind } from './start-memory.ts';

export { prepareStore } from './prepare-store.ts';

export interface ServiceParts extends MessageParts {
  /** The service's name in the mesh. */
  name: string;
  server: {
    listen(address: { host: string; port: number }): Promise<string>;
    close(): Promise<unknown>;
  };
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Applies the schema and reads what the service needs to serve. Retried until it succeeds. */
  prepare(): Promise<void>;
  /** Where each instance registers itself. Null if the mesh finds instances by DNS. */
  lease: { meshUrl: string; token: string | undefined } | null;
  /** Closes stores and clients. Called after the last response has been sent. */
  release(): Promise<void>;
}

export interface RunningService extends Running {
  /** The address on which the service listens. */
  url: string;
  /** Resolves when `prepare` has succeeded, or when the service has been closed before that. */
  ready: Promise<void>;
}

/**
 * Starts a service: listens, prepares, registers with the mesh, publishes and consumes facts. The service listens first, so that it can say why it is
 * not ready while a store is down. Resolves after the first attempt to prepare, whether or not that succeeds.
 */
export async function runService(parts: ServiceParts): Promise<RunningService> {
  const { server, host, port, logger } = parts;
  const url = await server.listen({ host, port });
  const { name, lease: place, metrics } = parts;
  // The mesh keeps the latest: `mesh traces show`.
  const spans = place === null ? null : exportSpans(processSpans, { ...place, service: name, metrics });
  const stopped = new AbortController();
  const firstAttempt = Promise.withResolvers<void>();
  const ready = retryUntilDone(
    () => parts.prepare(),
    (error) => {
      logger.warn({ err: error }, 'not ready yet');
      firstAttempt.resolve();
    },
    stopped.signal,
  )
    .then(leaveStartBehind)
    .finally(firstAttempt.resolve);
  await firstAttempt.promise;
  const lease = leaseFor(parts, url, ready, stopped.signal);
  const messages = startMessages(parts, ready, stopped.signal);
  logger.info({ url }, 'listening');

  return {
    url,
    ready,
    close: async () => {
      stopped.abort();
      // The lease goes first: the mesh must stop sending requests before the server stops accepting them.
      await (await lease)?.release();
      await messages.stopConsuming();
      await server.close();
      await ready;
      // After the last request, whose event may leave as well.
      await messages.close();
      await spans?.close();
      await parts.release();
    },
  };
}

/**
 * Registers the instance as soon as it is ready. Null if it has no lease to hold, or was stopped before it was ready.
 */
async function leaseFor(
  { name, lease, logger }: ServiceParts,
  url: string,
  ready: Promise<void>,
  stopped: AbortSignal,
): Promise<HeldLease | null> {
  if (lease === null) return null;
  await ready;
  if (stopped.aborted) return null;
  const { meshUrl, token } = lease;
  const instance = { meshUrl, service: name, id: randomUUID(), port: Number(new URL(url).port), logger };
  return holdLease(token === undefined ? instance : { ...instance, token });
}
