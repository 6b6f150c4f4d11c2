import { existsSync, globSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { libraryEnvironment } from '../debian/libraries.ts';
import { executables } from '../executables.ts';
import type { Server } from '../server.ts';
import { relocatedErlang } from './erlang.ts';

/** The platform's queues need this version: dead letters of quorum queues at least once. */
const oldest = [3, 10] as const;

const usualHomes = [
  '/usr/lib/rabbitmq/lib/rabbitmq_server-*',
  '/usr/local/lib/rabbitmq/lib/rabbitmq_server-*',
  '/opt/rabbitmq',
  '/opt/homebrew/opt/rabbitmq*',
  '/usr/local/opt/rabbitmq*',
];
const usualErlangs = ['/usr/bin', '/usr/local/bin', '/usr/lib/erlang/bin', '/opt/homebrew/bin'];

/**
 * The usable servers of the machine: in the packages' usual folders, then beside a script on PATH. The packages' own
 * script on PATH refuses every user but root and its own, so the one in the server's folder is used.
 */
export async function machineServers(path: string | undefined): Promise<Server[]> {
  const erlang = executables(path, ['erl'], usualErlangs)[0];
  if (erlang === undefined) return [];
  const onPath = executables(path, ['rabbitmq-server'], []).map((file) => dirname(dirname(realpathSync(file))));
  const homes = [...new Set([...usualHomes.flatMap((place) => globSync(place)), ...onPath])];
  return homes.map((home) => describe(home, dirname(erlang), {})).filter((one) => one !== null);
}

/** The server in unpacked Debian packages; `root` stands in for `/`. Null when something is missing. */
export async function unpackedServer(root: string): Promise<Server | null> {
  const [home] = globSync(join(root, 'usr/lib/rabbitmq/lib/rabbitmq_server-*'));
  const erlang = relocatedErlang(root);
  return home === undefined || erlang === null ? null : describe(home, erlang, libraryEnvironment(root));
}

/** Null when the folder has no usable server. Asking the server itself would take a second. */
function describe(home: string, erlang: string, libraries: Record<string, string>): Server | null {
  const file = join(home, 'sbin/rabbitmq-server');
  const plugins = join(home, 'plugins');
  if (!existsSync(file) || !existsSync(plugins)) return null;
  const versions = readdirSync(plugins).map((name) => name.match(/^rabbit-((\d+)\.(\d+)\.\d+)/));
  const [, version = '', major = '', minor = ''] = versions.find((match) => match !== null) ?? [];
  const newEnough = Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1]);
  const path = [erlang, process.env.PATH].filter(Boolean).join(delimiter);
  return newEnough ? { file, version, series: major, env: { ...libraries, PATH: path } } : null;
}
