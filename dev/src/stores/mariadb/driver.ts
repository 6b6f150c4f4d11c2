import { connectedMariadb } from '../../connected-mariadb.ts';
import { DevError } from '../../errors.ts';
import type { ServiceSpec } from '../../topology/topology.ts';
import type { StoreContext } from '../driver.ts';
import { type ServerKind, serverDriver } from '../server.ts';
import { unprivileged } from '../unprivileged.ts';
import { type Binaries, machineServers, unpackedServer } from './binaries.ts';
import { ensureData, hasData, serverPlaces } from './data.ts';

const kind: ServerKind<Binaries> = {
  image: 'mariadb',
  quick: true,
  title: 'MariaDB',
  debianPackages: ['mariadb-server-core'],
  install: 'apt-get install mariadb-server',
  passing: ['ECONNREFUSED', 'ECONNRESET', 'ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CONNECTION_TIMEOUT'],
  // Written at each commit, but not synced.
  careless: ['--innodb-flush-log-at-trx-commit=2', '--skip-innodb-doublewrite', '--innodb-flush-method=nosync'],
  url: (service, address) => `mariadb://root:${encodeURIComponent(passwordOf(service))}@${address}`,
  ask,
  onMachine: machineServers,
  unpacked: unpackedServer,
  hasData,
  async launch(binaries, { service, context, data, url }) {
    await ensureData(binaries, data, passwordOf(service));
    return {
      file: binaries.file,
      args: [...serverPlaces(binaries, data), ...settings(service, context)],
      cwd: '/',
      env: binaries.env,
      ...unprivileged(),
      stopSignal: 'SIGTERM',
      signalGroup: false,
      stopGraceMs: service.stopGraceMs,
      ready: () => responds(url),
    };
  },
};

export const mariadb = serverDriver(kind);

const passwordOf = ({ environment }: ServiceSpec) => environment.MARIADB_ROOT_PASSWORD || 'mariadb';

/** The settings that the Compose file's command passes, then those that a server of the stack needs. */
function settings({ command }: ServiceSpec, { port, throwaway }: StoreContext): string[] {
  const fromFile = command[0] === 'mariadbd' ? command.slice(1) : command;
  // A socket in the data folder, where no other server has one: the name is relative to it.
  const own = [`--port=${port}`, '--bind-address=127.0.0.1', '--socket=mariadb.sock', '--pid-file=mariadb.pid'];
  return [...fromFile, ...own, ...(throwaway ? kind.careless : [])];
}

async function ask(url: string): Promise<void> {
  await connectedMariadb(url, (connection) => connection.query('select 1'));
}

async function responds(url: string): Promise<boolean> {
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
