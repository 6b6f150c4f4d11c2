import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import type { ServiceSpec } from '../../topology/topology.ts';
import { libraryEnvironment } from '../debian/libraries.ts';
import type { StoreContext } from '../driver.ts';
import { executables } from '../executables.ts';
import { type Server, type ServerKind, serverDriver } from '../server.ts';
import { unprivileged } from '../unprivileged.ts';
import { configuration, settingOf } from './configuration.ts';

/** The platform's functions need this version. */
const oldestMajor = 7;

const usualPlaces = [
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
  '/opt/homebrew/opt/redis*/bin',
  '/usr/local/opt/redis*/bin',
];

const kind: ServerKind<Server> = {
  image: 'redis',
  quick: true,
  title: 'Redis',
  debianPackages: ['redis-server', 'redis-tools'],
  install: 'apt-get install redis-server',
  passing: ['ECONNREFUSED', 'ECONNRESET'],
  // Written before each reply, but not synced.
  careless: ['--appendfsync', 'no'],
  url: (service, address) => {
    const password = settingOf(service.command, 'requirepass');
    return `redis://${password === null ? '' : `default:${encodeURIComponent(password)}@`}${address}`;
  },
  ask,
  async onMachine(path) {
    const files = executables(path, ['redis-server'], usualPlaces);
    const found = await Promise.all(files.map((file) => describe(file, {})));
    return found.filter((one) => one !== null);
  },
  // A link to redis-check-rdb, which is the server when it is called by this name.
  unpacked: (root) => describe(join(root, 'usr/bin/redis-server'), libraryEnvironment(root)),
  hasData: (folder) => existsSync(join(folder, 'appendonlydir')),
  async launch(server, { service, context, data, url }) {
    return {
      file: server.file,
      args: [writeConfiguration(service, context, data)],
      cwd: '/',
      env: server.env,
      ...unprivileged(),
      stopSignal: 'SIGTERM',
      signalGroup: false,
      stopGraceMs: service.stopGraceMs,
      ready: () =>
        ask(url).then(
          () => true,
          () => false,
        ),
    };
  },
};

export const redis = serverDriver(kind);

async function describe(file: string, libraries: Record<string, string>): Promise<Server | null> {
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...libraries };
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { env, timeout: 10_000 });
    const [, version = '', major = ''] = stdout.match(/Redis server v=((\d+)\.\d+\.\d+)/) ?? [];
    return Number(major) >= oldestMajor ? { file, version, series: major, env } : null;
  } catch {
    return null;
  }
}

/**
 * The settings that the Compose file's command passes, then those that a server of the stack needs: in a file that its
 * user alone can read, since every user can read a command line with a password.
 */
function writeConfiguration({ command }: ServiceSpec, { port, throwaway }: StoreContext, data: string): string {
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', data];
  const file = join(data, 'redis.conf');
  const runAs = unprivileged();
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(file, configuration([...command, ...own, ...(throwaway ? kind.careless : [])]), { mode: 0o600 });
  if (runAs !== null) for (const path of [data, file]) chownSync(path, runAs.uid, runAs.gid);
  return file;
}

async function ask(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The promise below only tells that the connection is closed.
  let cause: Error | null = null;
  client.on('error', (error: Error) => {
    cause = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.disconnect();
  }
}
