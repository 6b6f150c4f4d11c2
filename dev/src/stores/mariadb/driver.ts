import { createConnection } from 'mariadb';
import { DevError } from '../../errors.ts';
import { cacheFolder } from '../../paths.ts';
import type { ServiceSpec } from '../../topology/topology.ts';
import { dataFolder } from '../data-folder.ts';
import { debianPackage, hasApt } from '../debian/packages.ts';
import type { StoreContext, StoreDriver } from '../driver.ts';
import { mustAnswer } from '../given.ts';
import { reachable, unprivileged } from '../unprivileged.ts';
import { type Binaries, machineServers, unpackedServer } from './binaries.ts';
import { ensureData, hasData, serverPlaces } from './data.ts';

const howToGetIt =
  'no MariaDB server: set MARIADB_URL to one that runs, or install one (Debian: apt-get install mariadb-server)';

/**
 * MariaDB: from `MARIADB_URL` if it is set, otherwise a server of the machine, otherwise unpacked from Debian's
 * packages. Each series has its own data; of several servers, the one with existing data is used.
 */
export const mariadb: StoreDriver = {
  image: 'mariadb',
  url(service, address) {
    return `mariadb://root:${encodeURIComponent(passwordOf(service))}@${address}`;
  },
  ask,
  // Written at each commit, but not synced.
  careless: ['--innodb-flush-log-at-trx-commit=2', '--skip-innodb-doublewrite', '--innodb-flush-method=nosync'],
  async prepare(service, context) {
    const given = context.variables.MARIADB_URL;
    if (given) {
      await mustAnswer({ variable: 'MARIADB_URL', url: given, ask: () => ask(given), passing });
      return { url: given, source: 'MARIADB_URL', launch: null, data: null };
    }
    const binaries = await findServer(context);
    const data = seriesFolder(context, binaries);
    await ensureData(binaries, data, passwordOf(service));
    const url = mariadb.url(service, `127.0.0.1:${context.port}`);
    const { server, version, origin } = binaries;
    return {
      url,
      data,
      source: `MariaDB ${version} ${origin === 'debian' ? "from Debian's packages" : `in ${server}`}`,
      launch: {
        file: server,
        args: [...serverPlaces(binaries, data), ...settings(service, context)],
        cwd: '/',
        env: binaries.env,
        ...unprivileged(),
        stopSignal: 'SIGTERM',
        signalGroup: false,
        stopGraceMs: service.stopGraceMs,
        ready: () => answers(url),
      },
    };
  },
};

const passwordOf = ({ environment }: ServiceSpec) => environment.MARIADB_ROOT_PASSWORD || 'mariadb';
const seriesFolder = ({ folder }: StoreContext, { series }: Binaries) => dataFolder(folder, `mariadb-${series}`);

/** `BANYAN_MARIADB` = `machine` or `debian` allows only those. @throws DevError store_unavailable */
async function findServer(context: StoreContext): Promise<Binaries> {
  const { variables } = context;
  const only = variables.BANYAN_MARIADB;
  const found = only === 'debian' ? [] : await machineServers(variables.PATH);
  const chosen = found.find((one) => hasData(seriesFolder(context, one))) ?? found[0];
  if (chosen !== undefined) return chosen;
  if (only === 'machine' || !hasApt(variables)) throw new DevError('store_unavailable', howToGetIt);
  const runAs = unprivileged();
  const cache = cacheFolder((folder) => runAs === null || reachable(folder, runAs));
  const root = await debianPackage('mariadb-server-core', { ...context, cache }).catch((error: DevError) => {
    throw new DevError('store_unavailable', `${howToGetIt}; ${error.message}`);
  });
  const unpacked = await unpackedServer(root);
  if (unpacked === null)
    throw new DevError('store_unavailable', `${root} does not run here: remove it, or: ${howToGetIt}`);
  return unpacked;
}

/** The settings that the Compose file's command passes, then those that a server of the stack needs. */
function settings(service: ServiceSpec, { port, throwaway }: StoreContext): string[] {
  const fromFile = service.command[0] === 'mariadbd' ? service.command.slice(1) : service.command;
  // A socket below the data folder, where no other server has one: the name is relative to it.
  const own = [`--port=${port}`, '--bind-address=127.0.0.1', '--socket=mariadb.sock', '--pid-file=mariadb.pid'];
  return [...fromFile, ...own, ...(throwaway ? mariadb.careless : [])];
}

/** Codes of a server that is starting. */
const passing = ['ECONNREFUSED', 'ECONNRESET', 'ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CONNECTION_TIMEOUT'];

async function ask(url: string): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    connectTimeout: 2_000,
    // The server here has no certificate to check, and listens on loopback.
    ssl: false,
  });
  try {
    await connection.query('select 1');
  } finally {
    await connection.end().catch(() => {});
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await ask(url);
    return true;
  } catch (error) {
    // The server is up and refuses the password. Waiting does not help.
    if ((error as { code?: string }).code === 'ER_ACCESS_DENIED_ERROR') {
      throw new DevError('store_failed', 'MariaDB refuses the password: the data here were made with another one');
    }
    return false;
  }
}
