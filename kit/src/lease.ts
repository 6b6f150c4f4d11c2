import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Logger } from './log.ts';

/** Where and as what an instance registers itself. */
export interface LeaseOptions {
  /** Admin address of the mesh, such as http://mesh:9990. */
  meshUrl: string;
  /** Absent where the mesh asks for none. */
  token?: string;
  /** The service's name in the mesh. */
  service: string;
  /** Of this instance: unlike that of any other, also of the one that ran here before. */
  id: string;
  /** Where it listens. The address is the one that the mesh sees it call from. */
  port: number;
  logger: Logger;
  /** For one call. */
  timeoutMs?: number;
  /** Between tries while the mesh cannot be had. */
  retryMs?: number;
}

export interface HeldLease {
  /** Resolves when the mesh has been told once, or could not be. */
  readonly tried: Promise<void>;
  /** Gives the lease back: when this resolves, the mesh sends nothing new here. Never rejects; the lease expires anyway. */
  release(): Promise<void>;
}

/**
 * Registers an instance with the mesh and renews each third of the time that is granted, so that two heartbeats may be
 * lost. A mesh that is away is no fault of the instance: it serves on, and registers when the mesh is back.
 */
export function holdLease(options: LeaseOptions): HeldLease {
  const { meshUrl, token, service, id, port, logger, timeoutMs = 2_000, retryMs = 1_000 } = options;
  const pool = new Pool(meshUrl, { connections: 1, connect: { timeout: timeoutMs } });
  const path = `/leases/${encodeURIComponent(service)}/${encodeURIComponent(id)}`;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const released = new AbortController();
  /** What the log was last told: each change once, not each heartbeat. */
  let told: boolean | null = null;

  const call = async (method: 'PUT' | 'DELETE', body: object): Promise<unknown> => {
    const answer = await pool.request({
      method,
      path,
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the mesh answered ${answer.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };

  /** @returns ms until the next heartbeat */
  const renew = async (): Promise<number> => {
    try {
      const { ttlMs } = (await call('PUT', { port })) as { ttlMs?: unknown };
      if (typeof ttlMs !== 'number' || !(ttlMs > 0)) throw new Error('the mesh does not say how long the lease lasts');
      if (told !== true) logger.info({ id, port, ttlMs }, 'registered with the mesh');
      told = true;
      return ttlMs / 3;
    } catch (error) {
      if (told !== false) logger.warn({ err: error }, 'not registered with the mesh: trying on');
      told = false;
      return retryMs;
    }
  };

  const first = renew();
  const heart = (async () => {
    for (let waitMs = await first; !released.signal.aborted; waitMs = await renew()) {
      await pause(waitMs, undefined, { signal: released.signal }).catch(() => {});
      if (released.signal.aborted) return;
    }
  })();

  return {
    tried: first.then(() => undefined),
    release: async () => {
      released.abort();
      // A renewal that arrived after the DELETE would bring back an instance that is gone.
      await heart;
      try {
        await call('DELETE', {});
      } catch (error) {
        logger.warn({ err: error }, 'the lease was not given back: it expires');
      }
      await pool.destroy();
    },
  };
}
