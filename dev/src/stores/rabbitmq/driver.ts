import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { DevError } from '../../errors.ts';
import type { ServiceSpec } from '../../topology/topology.ts';
import { type Server, type ServerKind, type ServerStart, serverDriver } from '../server.ts';
import { unprivileged } from '../unprivileged.ts';
import { machineServers, unpackedServer } from './binaries.ts';
import { advancedConfig } from './configuration.ts';
import { startScript } from './script.ts';

const erlangPackages = (
  'asn1 base crypto eldap ftp inets mnesia os-mon parsetools public-key runtime-tools snmp ssl ' +
  'syntax-tools tftp tools xmerl'
).split(' ');

const kind: ServerKind<Server> = {
  image: 'rabbitmq',
  quick: false,
  title: 'RabbitMQ',
  debianPackages: ['rabbitmq-server', ...erlangPackages.map((name) => `erlang-${name}`)],
  install: 'apt-get install rabbitmq-server',
  passing: ['ECONNREFUSED', 'ECONNRESET'],
  careless: [],
  url: ({ environment }, address) => {
    const { user, password } = loginOf(environment);
    return `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address}`;
  },
  ask,
  onMachine: machineServers,
  unpacked: unpackedServer,
  hasData: (folder) => existsSync(join(folder, complete)),
  async launch(server, start) {
    const { service, context, data, url } = start;
    writeConfiguration(start);
    const [epmdPort, distributionPort] = [await context.freePort('epmd'), await context.freePort('distribution')];
    return {
      file: '/bin/sh',
      args: ['-c', startScript, 'rabbitmq', data, String(epmdPort), server.file],
      cwd: '/',
      env: { ...server.env, ...environmentOf(service, data, epmdPort, distributionPort) },
      ...unprivileged(),
      stopSignal: 'SIGTERM',
      // With epmd beside it.
      signalGroup: true,
      stopGraceMs: service.stopGraceMs,
      ready: () => responds(url, data),
    };
  },
};

export const rabbitmq = serverDriver(kind);

/** A file that says that the server was ready once with these data. */
const complete = 'complete';

const loginOf = (environment: ServiceSpec['environment']) => ({
  user: environment.RABBITMQ_DEFAULT_USER || 'guest',
  password: environment.RABBITMQ_DEFAULT_PASS || 'guest',
});

function writeConfiguration({ service, context, data }: ServerStart): void {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const files = {
    'advanced.config': advancedConfig({ port: context.port, ...loginOf(service.environment) }),
    // The management pages take half of the server's memory.
    enabled_plugins: '[].\n',
    'rabbitmq.conf': '',
  };
  const runAs = unprivileged();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    if (runAs !== null) chownSync(join(data, name), runAs.uid, runAs.gid);
  }
  if (runAs !== null) chownSync(data, runAs.uid, runAs.gid);
}

/** Every path and port that RabbitMQ would otherwise take from the machine. */
function environmentOf({ environment }: ServiceSpec, data: string, epmdPort: number, distributionPort: number) {
  const fromFile = Object.entries(environment).filter(([key]) => !key.startsWith('RABBITMQ_DEFAULT_'));
  const given = environment.RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS ?? '';
  return {
    ...Object.fromEntries(fromFile),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${given} -kernel inet_dist_use_interface {127,0,0,1}`,
    // The data belong to the node's name: one that no change of the machine's name changes.
    RABBITMQ_NODENAME: 'rabbit@localhost',
    RABBITMQ_MNESIA_BASE: join(data, 'mnesia'),
    RABBITMQ_LOG_BASE: join(data, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(data, 'rabbitmq.conf'),
    RABBITMQ_CONFIG_FILES: join(data, 'conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(data, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(data, 'config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(data, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: join(data, 'rabbitmq-env.conf'),
    RABBITMQ_PID_FILE: join(data, 'rabbitmq.pid'),
    RABBITMQ_DIST_PORT: String(distributionPort),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    // The script then becomes the server, instead of staying in front of it.
    RUNNING_UNDER_SYSTEMD: 'true',
    // Erlang keeps its cookie there.
    HOME: data,
    LC_ALL: 'C.UTF-8',
  };
}

/** Limit for one connection, in milliseconds. */
const connectMs = 5_000;

async function ask(url: string): Promise<void> {
  const connection = await connect(url, { timeout: connectMs });
  connection.on('error', () => {});
  await connection.close();
}

async function responds(url: string, data: string): Promise<boolean> {
  try {
    await ask(url);
  } catch (error) {
    // The server is up and refuses the password. Waiting does not help.
    if (error instanceof Error && /ACCESS.REFUSED/.test(error.message)) {
      throw new DevError('store_failed', 'RabbitMQ refuses the password: the data here were made with another one');
    }
    return false;
  }
  writeFileSync(join(data, complete), '');
  return true;
}
