import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { dockerResponds } from '../docker-responds.ts';
import type { ServiceSpec } from '../topology/topology.ts';
import type { PreparedStore, StoreContext, StoreDriver } from './driver.ts';

/** Limit for fetching an image, in milliseconds. */
const pullMs = 300_000;

/** The container of a killed client runs on: it is removed first. */
const script = 'docker rm --force --volumes "$1" >/dev/null 2>&1; shift; exec docker run "$@"';

/**
 * A store in a container of its own, from the image that the Compose file names; its data are in a volume of Docker's.
 * Null when Docker does not respond, or has no such image and cannot fetch it.
 */
export async function inContainer(
  driver: Omit<StoreDriver, 'prepare' | 'quick'>,
  service: ServiceSpec,
  context: StoreContext,
): Promise<PreparedStore | null> {
  const { variables, progress, signal, port, throwaway, folder } = context;
  const folders = (variables.PATH ?? '').split(delimiter).filter(Boolean);
  if (!folders.some((one) => existsSync(join(one, 'docker'))) || !(await dockerResponds())) return null;
  const env: Record<string, string> = { ...service.environment };
  for (const [key, value] of Object.entries(variables))
    if (/^(PATH|HOME|DOCKER_\w+)$/.test(key)) env[key] = value ?? '';
  const docker = (...args: string[]) =>
    promisify(execFile)('docker', args, { env, signal, timeout: pullMs }).then(
      () => true,
      () => false,
    );
  const { image } = service;
  if (!(await docker('image', 'inspect', image))) {
    progress(`fetching the image ${image}`);
    if (!(await docker('pull', '--quiet', image))) return null;
  }
  const name = `banyan-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}-${service.name}`;
  const target = service.volumes[0]?.target ?? '/data';
  const data = throwaway ? ['--user=root', `--tmpfs=${target}:rw`] : [`--volume=${name}:${target}`];
  const url = driver.url(service, `127.0.0.1:${port}`);
  const options = [
    '--rm',
    `--name=${name}`,
    `--hostname=${service.name}`,
    `--publish=127.0.0.1:${port}:${service.ports[0]?.container ?? port}`,
    // The values come from the client's environment: no user sees them in its command line.
    ...Object.keys(service.environment).map((key) => `--env=${key}`),
    ...data,
  ];
  const command = [...service.command, ...(throwaway ? driver.careless : [])];
  return {
    url,
    source: `${image} in a container${throwaway ? '' : `, data in the volume ${name}`}`,
    data: null,
    launch: {
      file: '/bin/sh',
      args: ['-c', script, 'container', name, ...options, image, ...command],
      cwd: '/',
      env,
      // The client passes it on, and ends with the container.
      stopSignal: 'SIGTERM',
      signalGroup: false,
      stopGraceMs: service.stopGraceMs,
      ready: () =>
        driver.ask(url).then(
          () => true,
          () => false,
        ),
    },
  };
}
