import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isAlive } from '../alive.ts';
import { DevError, messageOf } from '../errors.ts';
import { until } from '../until.ts';
import { type Commandable, carryOut, type Reply } from './commands.ts';
import type { StackStatus } from './status.ts';

/** The longest path that a Unix socket takes on Linux (108) and macOS (104), with its final zero. */
const longestSocketPath = 100;

function socketPath(folder: string): string {
  const inFolder = join(folder, 'control.sock');
  if (Buffer.byteLength(inFolder) < longestSocketPath) return inFolder;
  return join(tmpdir(), `banyan-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.sock`);
}

/**
 * The socket by which other commands talk to a running launcher: one JSON command per line, one JSON response each.
 * Listening on it is also the lock on the stack's folder. The lock cannot go stale: a dead launcher does not accept
 * connections.
 */
export class Control {
  readonly #server: Server;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #stack = Promise.withResolvers<Commandable>();

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    server.on('connection', (socket) => this.#talk(socket));
  }

  /** @throws DevError already_running when a live launcher has the folder. */
  static async acquire(folder: string): Promise<Control> {
    const path = socketPath(folder);
    // Of several concurrent starts, the system lets one bind the path.
    let server = await bound(path);
    if (server === null) {
      const running = await ask(folder, { command: 'status' });
      if (running !== null) throw alreadyRunning(running.status);
      rmSync(path, { force: true });
      server = await bound(path);
      if (server === null) throw alreadyRunning(undefined);
    }
    chmodSync(path, 0o600);
    const control = new Control(server, path);
    await lastGuardGone(folder).catch(async (error: unknown) => {
      await control.close();
      throw error;
    });
    return control;
  }

  serve(stack: Commandable): void {
    this.#stack.resolve(stack);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroySoon();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#path, { force: true });
  }

  #talk(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      void this.#stack.promise
        .then((stack) => carryOut(stack, line))
        .then((reply) => socket.writable && socket.write(`${JSON.stringify(reply)}\n`));
    });
  }
}

/** A server that listens on the path; null when the path exists. */
function bound(path: string): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

/** Sends one command to the launcher that has this folder; null when none responds. */
export function ask(folder: string, command: Record<string, unknown>): Promise<Reply | null> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath(folder));
    let said = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(command)}\n`));
    socket.on('data', (chunk) => {
      said += chunk;
      if (said.includes('\n')) socket.end();
    });
    // ENOENT, ECONNREFUSED: no launcher listens.
    socket.on('error', () => resolve(null));
    socket.on('close', () => {
      try {
        resolve(JSON.parse(said) as Reply);
      } catch {
        resolve(null);
      }
    });
  });
}

function alreadyRunning(status: StackStatus | undefined): DevError {
  const urls = Object.entries(status?.processes ?? {}).flatMap(([name, { urls }]) =>
    Object.entries(urls).map(([which, url]) => `  ${name}${which === 'main' ? '' : ` ${which}`}: ${url}`),
  );
  const who = status === undefined ? '' : ` (process ${status.pid})`;
  return new DevError('already_running', [`this stack is already running${who}`, ...urls].join('\n'));
}

/**
 * After a launcher was killed, its guard may still be stopping what it had started: ports and data are not free until
 * then.
 */
async function lastGuardGone(folder: string): Promise<void> {
  const pid = guardOf(folder);
  if (pid === null) return;
  const gone = () => !isAlive(pid) || !isGuard(pid);
  await until(gone, { limitMs: 20_000, what: 'what a killed launcher left is stopped' }).catch((error: unknown) => {
    throw new DevError('already_running', messageOf(error));
  });
}

function guardOf(folder: string): number | null {
  try {
    return Number(readFileSync(join(folder, 'guard.pid'), 'utf8')) || null;
  } catch {
    return null;
  }
}

/** Process ids are reused: only a shell with the guard's script is the guard. Without /proc, any process counts. */
function isGuard(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('listed=');
  } catch {
    return process.platform !== 'linux';
  }
}
