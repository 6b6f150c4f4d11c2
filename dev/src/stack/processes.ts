import type { Launch } from '../launch.ts';
import { compileCache } from '../paths.ts';
import { type Addresses, rewriteEnvironment, rewriteText } from '../topology/addresses.ts';
import type { ServiceSpec, Topology } from '../topology/topology.ts';
import { healthy } from './health.ts';

/** The part of the launcher's own environment that a process gets: as in a container, user settings do not leak in. */
const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|NO_COLOR|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_COMPILE_CACHE|SSL_CERT_\w+)$/;

export interface CommandLine {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** The command line of one of our services outside of its container; `args` replace the file's `command`. */
export function commandLine(
  service: ServiceSpec,
  topology: Topology,
  addresses: Addresses,
  overrides: Readonly<Record<string, string | null>>,
  variables: Readonly<Record<string, string | undefined>>,
  args: readonly string[] = service.command,
): CommandLine {
  const words = [...service.entrypoint, ...args];
  const [file = '', ...rest] = words.map((word) => rewriteText(word, service, topology, addresses));
  const env: Record<string, string> = { NODE_COMPILE_CACHE: compileCache() };
  for (const [key, value] of Object.entries(variables)) {
    if (value !== undefined && inherited.test(key)) env[key] = value;
  }
  Object.assign(env, rewriteEnvironment(service, topology, addresses));
  for (const [key, value] of Object.entries(overrides)) {
    if (value === null) delete env[key];
    else env[key] = value;
  }
  // Those of the launcher's own environment are added to the topology's.
  const flags = [service.environment.NODE_OPTIONS, variables.NODE_OPTIONS].filter(Boolean);
  if (flags.length > 0 && overrides.NODE_OPTIONS === undefined) env.NODE_OPTIONS = flags.join(' ');
  // The Node that runs the launcher has passed its version check.
  return { file: file === 'node' ? process.execPath : file, args: rest, cwd: topology.folder, env };
}

/** How to start one of our services as a process of this machine. */
export function processLaunch(line: CommandLine, service: ServiceSpec, healthUrl: string | null): Launch {
  return {
    ...line,
    stopSignal: 'SIGTERM',
    signalGroup: true,
    stopGraceMs: service.stopGraceMs,
    ready: healthUrl === null ? null : () => healthy(healthUrl),
  };
}

/**
 * The URLs a process serves, by name: the variable that holds the port, without `_PORT` and the process's own name
 * (`MESH_ADMIN_PORT` of `mesh` is `admin`, `PORT` is `main`), in the order of the file's ports.
 */
export function urlsOf(service: ServiceSpec, ports: ReadonlyMap<number, number>): Record<string, string> {
  const prefix = `${service.name.toUpperCase().replaceAll('-', '_')}_`;
  const names = new Map<number, string>();
  for (const [key, value] of Object.entries(service.environment)) {
    if (!/(^|_)PORT$/.test(key) || service.environment[key.replace(/PORT$/, 'HOST')]?.match(/^[a-z]/)) continue;
    const name = key.replace(prefix, '').replace(/_?PORT$/, '');
    if (!names.has(Number(value)))
      names.set(Number(value), name === '' ? 'main' : name.toLowerCase().replaceAll('_', '-'));
  }
  return Object.fromEntries(
    [...ports].map(([container, host]) => [names.get(container) ?? String(container), `http://127.0.0.1:${host}`]),
  );
}

/** The URL of the health check from outside the container; null where the check is not an HTTP request. */
export function localHealthUrl(service: ServiceSpec, ports: ReadonlyMap<number, number>): string | null {
  if (service.healthUrl === null) return null;
  const url = new URL(service.healthUrl);
  url.hostname = '127.0.0.1';
  url.port = String(ports.get(Number(url.port)) ?? url.port);
  return url.href;
}
