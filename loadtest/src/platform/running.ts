import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { assertLocal } from '../drivers/request.ts';
import { setWeights, weightsOf } from './mesh.ts';
import type { Platform, PlatformProcess } from './platform.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which variable names which URL: a process, and the name that the URL has there. */
const variables = {
  LOAD_EDGE_URL: ['mesh', 'edge'],
  LOAD_ADMIN_URL: ['mesh', 'admin'],
  LOAD_MONOLITH_URL: ['monolith', 'main'],
  LOAD_TUNED_URL: ['monolith-tuned', 'main'],
  LOAD_AUTH_URL: ['auth', 'main'],
} as const;

/** Whether the environment names a platform that runs already. */
export function namesRunning(env: Environment): boolean {
  return Boolean(env.LOAD_EDGE_URL);
}

/**
 * The platform that the environment names by its URLs and its credentials file. It is measured as it runs: nothing is
 * started and nothing restarted, and `stop` puts the weights of `route` back.
 * @throws Error with everything that is missing, does not respond, or is another machine
 */
export async function runningPlatform(env: Environment, route: string): Promise<Platform> {
  const names = [...Object.keys(variables), 'LOAD_CREDENTIALS'];
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`LOAD_EDGE_URL is set, so these must be, too: ${missing.join(', ')}`);

  const processes: Record<string, PlatformProcess> = {};
  for (const [variable, [name, which]] of Object.entries(variables)) {
    const given = env[variable] ?? '';
    // Requests to the admin port name it: it refuses hosts that it does not know. Load goes to addresses, so that no
    // look-up is timed.
    const url = which === 'admin' ? new URL(given).origin : await byAddress(given, variable);
    await assertResponds(url, name, variable);
    const { urls } = processes[name] ?? { urls: {} };
    processes[name] = { state: 'ready', reason: '', pid: null, url, urls: { ...urls, [which]: url } };
  }
  const admin = processes.mesh?.urls.admin ?? '';
  const weights = await weightsOf(admin, route);
  return {
    status: { processes, stores: {}, credentials: env.LOAD_CREDENTIALS ?? null },
    process: (name) => {
      const found = processes[name];
      if (found === undefined) throw new Error(`${name} is not part of the running platform`);
      return found;
    },
    restart: null,
    stop: () => setWeights(admin, route, weights, 'after the measurement'),
  };
}

async function byAddress(given: string, variable: string): Promise<string> {
  const url = new URL(given);
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 && url.hostname !== 'localhost') {
    const { address, family } = await lookup(url.hostname).catch((error: Error) => {
      throw new Error(`${variable}: ${error.message}`);
    });
    url.hostname = family === 6 ? `[${address}]` : address;
  }
  assertLocal(url.origin);
  return url.origin;
}

async function assertResponds(url: string, name: string, variable: string): Promise<void> {
  try {
    await (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) })).text();
  } catch (error) {
    const { cause, message } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new Error(`${name} does not respond at ${url} (${variable}): ${reason}`);
  }
}
