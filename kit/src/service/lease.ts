import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from '../../vendor/undici.ts';
import type { Logger } from '../observe/log.ts';

/** Where an instance registers itself, and its identity. */
export interface LeaseOptions {
  /** Admin address of the mesh, such as http://mesh:9990. */
  meshUrl: string;
  /** Absent if the mesh requires none. */
  token?: string;
  /** The service's name in the mesh. */
  service: string;
  /** Unique for each start of each instance. */
  id: string;
  /** The port on which the instance listens. The mesh takes the address from the connection. */
  port: number;
  logger: Logger;
  /** Limit for one call. */
  timeoutMs?: number;
  /** Wait between attempts while the mesh is unreachable. */
  retryMs?: number;
}

export interface HeldLease {
  /** Resolves after the first attempt to register, whether or not it succeeded. */
  readonly tried: Promise<void>;
  /**
   * Gives the lease back. Once this resolves, the mesh sends no new requests. Never rejects: the lease expires anyway.
   */
  release(): Promise<void>;
}

/**
 * Registers an instance with the mesh and renews the lease after each third of the granted time, so that two renewals
 * may be lost. While the mesh is unreachable, the instance keeps serving. It registers again when the mesh is back.
 */
export function holdLease(options: LeaseOptions): HeldLease {
  const { meshUrl, token, service, id, port, logger, timeoutMs = 2_000, retryMs = 1_000 } = options;
  const pool = new Pool(meshUrl, { connections: 1, connect: { timeout: timeoutMs } });
  const path = `/leases/${encodeURIComponent(service)}/${encodeURIComponent(id)}`;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const released = new AbortController();
  /** The state that was logged last. Each change is logged once, not each renewal. */
  let loggedState: boolean | null = null;

  const call = async (method: 'PUT' | 'DELETE', body: object): Promise<unknown> => {
    const reply = await pool.request({
      method,
      path,
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await reply.body.text();
    if (reply.statusCode !== 200) throw new Error(`the mesh replied ${reply.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };

  /** @returns ms until the next renewal */
  const renew = async (): Promise<number> => {
    try {
      const { ttlMs } = (await call('PUT', { port })) as { ttlMs?: unknown };
      if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw new Error('the reply of the mesh has no ttlMs');
      if (loggedState !== true) logger.info({ id, port, ttlMs }, 'registered with the mesh');
      loggedState = true;
      return ttlMs / 3;
    } catch (error) {
      if (loggedState !== false) logger.warn({ err: error }, 'not registered with the mesh: retrying');
      loggedState = false;
      return retryMs;
    }
  };

  const first = renew();
  const renewals = (async () => {
    for (let waitMs = await first; !released.signal.aborted; waitMs = await renew()) {
      await pause(waitMs, undefined, { signal: released.signal }).catch(() => {});
      if (released.signal.aborted) return;
    }
  })();

  return {
    tried: first.then(() => undefined),
    release: async () => {
      released.abort();
      // A renewal that arrives after the DELETE would bring back an instance that is gone.
      await renewals;
      try {
        await call('DELETE', {});
      } catch (error) {
        logger.warn({ err: error }, 'the lease was not given back: it expires');
      }
      await pool.destroy();
    },
  };
}
