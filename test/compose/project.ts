import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** How Compose is called on this machine, or why the tests cannot run. */
export type Compose = { command: [string, ...string[]] } | { missing: string };

/** Compose v2 where Docker has it, otherwise docker-compose 1.29. */
export function findCompose(): Compose {
  if (!works('docker', 'info'))
    return { missing: 'Docker does not respond here (docker info failed): start it to run these tests' };
  if (works('docker', 'compose', 'version')) return { command: ['docker', 'compose'] };
  if (works('docker-compose', 'version')) return { command: ['docker-compose'] };
  return { missing: 'Docker responds, but neither docker compose nor docker-compose is installed' };
}

function works(file: string, ...args: string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * The platform under a project name, ports and an image tag of its own: independent of other platforms on this machine.
 */
export class Project {
  readonly name = `banyan-test-${randomBytes(4).toString('hex')}`;
  readonly #command: [string, ...string[]];
  readonly #env: Record<string, string | undefined>;
  readonly urls: Readonly<Record<'edge' | 'admin' | 'monolith' | 'auth', string>>;

  /** @param ports by the variables of the Compose file that name them */
  private constructor(command: [string, ...string[]], ports: Readonly<Record<string, string>>) {
    this.#command = command;
    const url = (name: string) => `http://127.0.0.1:${ports[name]}`;
    const [edge, admin] = [url('EDGE_PORT'), url('MESH_ADMIN_PORT')];
    this.urls = { edge, admin, monolith: url('MONOLITH_PORT'), auth: url('AUTH_PORT') };
    this.#env = {
      ...{ ...process.env, ...ports, PUBLIC_URL: edge },
      ...{ COMPOSE_PROJECT_NAME: this.name, BANYAN_IMAGE: `${this.name}:latest` },
    };
  }

  static async create(command: [string, ...string[]]): Promise<Project> {
    const file = await readFile(join(root, 'docker-compose.yml'), 'utf8');
    const names = [...new Set([...file.matchAll(/\$\{(\w+_PORT):-\d+\}/g)].map(([, name]) => name ?? ''))];
    const ports = await freePorts(names.length);
    return new Project(command, Object.fromEntries(names.map((name, index) => [name, String(ports[index])])));
  }

  /** Runs one Compose command and gives its stdout. */
  async compose(...args: string[]): Promise<string> {
    return this.composeWith({}, ...args);
  }

  /** The same with further variables of the Compose file. */
  async composeWith(env: Record<string, string>, ...args: string[]): Promise<string> {
    const [file, ...first] = this.#command;
    const words = [...first, '--file', `${root}/docker-compose.yml`, '--project-directory', root, ...args];
    const { stdout } = await run(file, words, {
      cwd: root,
      env: { ...this.#env, ...env },
      maxBuffer: 64 * 1024 ** 2,
    });
    return stdout;
  }

  /**
   * Runs commands of a page in a shell, in `folder`. They are as a reader types them, except for this project's ports
   * and the form of `docker compose`: that of this machine, without a terminal.
   */
  async shell(commands: string, folder: string, env: Record<string, string> = {}): Promise<ShellResult> {
    const here = commands
      .replaceAll('http://127.0.0.1:8080', this.urls.edge)
      .replaceAll('http://127.0.0.1:9990', this.urls.admin)
      .replaceAll(/docker compose exec (?!-T)/g, 'docker compose exec -T ')
      .replaceAll(/docker compose run (?!.* -T )/g, 'docker compose run -T ')
      .replaceAll('docker compose', this.#command.join(' '));
    const options = {
      cwd: folder,
      env: { ...this.#env, COMPOSE_FILE: `${root}/docker-compose.yml`, ...env },
      timeout: 900_000,
      maxBuffer: 64 * 1024 ** 2,
    };
    return new Promise((done) => {
      execFile('bash', ['-euo', 'pipefail', '-c', here], options, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      });
    });
  }

  /** `docker inspect` of the containers of this project, by service. */
  async containers(): Promise<Record<string, Container>> {
    const filter = `label=com.docker.compose.project=${this.name}`;
    const { stdout: ids } = await run('docker', ['ps', '--all', '--quiet', '--filter', filter]);
    if (ids.trim() === '') return {};
    const { stdout } = await run('docker', ['inspect', ...ids.trim().split('\n')], { maxBuffer: 64 * 1024 ** 2 });
    const all = JSON.parse(stdout) as Container[];
    return Object.fromEntries(all.map((one) => [one.Config.Labels['com.docker.compose.service'] ?? '', one]));
  }

  /** Everything of this project, data and image included. */
  async remove(): Promise<void> {
    await this.compose('--profile', 'load', 'down', '--volumes', '--remove-orphans');
    await run('docker', ['image', 'rm', '--force', `${this.name}:latest`]).catch(() => {});
  }
}

export interface ShellResult {
  code: number;
  /** What it wrote, to both. */
  output: string;
}

/** The parts of `docker inspect` that the tests look at. */
export interface Container {
  Config: { Labels: Record<string, string>; User: string };
  HostConfig: { Memory: number };
  RestartCount: number;
  State: { Status: string; ExitCode: number; OOMKilled: boolean; Health?: { Status: string } };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((done) => server.listen(0, '127.0.0.1', () => done(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
