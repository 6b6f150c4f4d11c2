import { setTimeout as pause } from 'node:timers/promises';
import { MigrationError } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import type { Place } from '../stage/place.ts';
import type { Operation, Verb } from '../worker/operations.ts';
import type { ResourceStatus } from '../worker/status.ts';
import type { VerbOptions } from '../worker/worker.ts';

/** How often a running operation is looked at. */
const pollMs = 100;
const timeoutMs = 15_000;

/** The running worker, as the command line uses it. */
export interface WorkerClient {
  status(): Promise<ResourceStatus[]>;
  /**
   * Begins an operation and follows it to its end, after the one that is under way. Aborting stops following; the
   * operation goes on in the worker.
   */
  carryOut(
    resource: string,
    verb: Verb,
    options: VerbOptions,
    show: (operation: Operation) => void,
    signal: AbortSignal,
  ): Promise<Operation>;
  places(): Promise<Place[]>;
  /** Moves the route of a resource whose owner does not change. */
  route(resource: string, target: Target): Promise<void>;
  /** @throws MigrationError `not_settled` with the reason */
  settle(resource: string): Promise<void>;
}

/** @throws MigrationError `bad_arguments` when MIGRATOR_URL or MIGRATION_TOKEN is missing */
export function workerClient(env: NodeJS.ProcessEnv): WorkerClient {
  const { MIGRATOR_URL: url, MIGRATION_TOKEN: token } = env;
  if (!url || !token) {
    throw new MigrationError('bad_arguments', 'MIGRATOR_URL and MIGRATION_TOKEN are not set: use `npm run migrate`');
  }
  const send = async (method: string, path: string, body?: object): Promise<Response> =>
    fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      const { origin } = new URL(url);
      throw new MigrationError('no_worker', `the worker does not respond at ${origin}: start the platform first`, {
        cause: error,
      });
    });
  const read = async <Reply>(reply: Response): Promise<Reply> => {
    const body = (await reply.json().catch(() => ({}))) as { errors?: { title: string; detail?: string }[] };
    if (reply.ok) return body as Reply;
    const [first] = body.errors ?? [];
    throw new MigrationError(
      reply.status === 404 ? 'bad_arguments' : 'refused',
      first?.detail ?? first?.title ?? `the worker replied ${reply.status}`,
    );
  };
  const allStatus = async () =>
    (await read<{ resources: ResourceStatus[] }>(await send('GET', '/resources'))).resources;

  const operationOf = async (resource: string) =>
    (await allStatus()).find((one) => one.resource === resource)?.operation ?? null;

  return {
    status: allStatus,
    carryOut: async (resource, verb, options, show, signal) => {
      const path = `/resources/${encodeURIComponent(resource)}/${verb}`;
      let reply = await send('POST', path, options);
      // The worker may be going on with what an earlier process of it left.
      while (reply.status === 409 && !signal.aborted) {
        const before = await operationOf(resource);
        if (before?.state === 'running') show({ ...before, step: `waits for ${before.verb}`, total: 0 });
        await pause(pollMs, undefined, { signal }).catch(() => {});
        reply = await send('POST', path, options);
      }
      let operation = await read<Operation>(reply);
      while (operation.state === 'running' && !signal.aborted) {
        show(operation);
        await pause(pollMs, undefined, { signal }).catch(() => {});
        const found = await operationOf(resource);
        if (!found) throw new MigrationError('refused', `the worker has forgotten the operation: see status`);
        operation = found;
      }
      return operation;
    },
    places: async () => (await read<{ places: Place[] }>(await send('GET', '/places'))).places,
    route: async (resource, target) => {
      const reply = await send('POST', `/places/${encodeURIComponent(resource)}`, { target });
      if (reply.status !== 204) await read(reply);
    },
    settle: async (resource) => {
      const reply = await send('POST', '/settle', { resources: [resource] });
      if (reply.status !== 204) await read(reply);
    },
  };
}
