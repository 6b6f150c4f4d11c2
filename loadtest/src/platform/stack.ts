import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Platform, PlatformProcess, PlatformStatus } from './platform.ts';

/** One line that the launcher prints. */
interface Line {
  event: string;
  process?: string;
  message?: string;
  ms?: number;
  status?: PlatformStatus;
}

/** A command that waits for its reply. */
interface Waiting {
  resolve(line: Line): void;
  reject(error: Error): void;
}

/**
 * The platform, driven through its command line alone: `npm start -- --json` tells events on stdout and takes commands
 * on stdin. What is measured is what people start.
 */
export class PlatformStack implements Platform {
  #status: PlatformStatus;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Commands are sent one after the other, so replies come in their order. */
  readonly #waiting: Waiting[];
  readonly #ended: Promise<void>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    status: PlatformStatus,
    waiting: Waiting[],
    ended: Promise<void>,
  ) {
    this.#child = child;
    this.#status = status;
    this.#waiting = waiting;
    this.#ended = ended;
  }

  /**
   * Starts `npm start` in `folder` with `args` and resolves when all is up.
   * @throws Error with the launcher's last words where it ends before that; the reason of `signal` when it was given up
   */
  static async start(
    folder: string,
    args: readonly string[],
    onEvent: (line: Line) => void,
    signal: AbortSignal,
  ): Promise<PlatformStack> {
    signal.throwIfAborted();
    const child = spawn('npm', ['run', '--silent', 'start', '--', ...args, '--json'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    const up = Promise.withResolvers<PlatformStatus>();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    void ended.then(() => up.reject(new Error(`npm start ended before the platform was up: ${said.trim()}`)));
    // It may be gone when it is told to end: a Ctrl-C of the terminal reaches it, too.
    child.stdin.on('error', () => {});
    const waiting: Waiting[] = [];
    void ended.then(() => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`npm start has ended: ${said.trim()}`));
    });
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line & PlatformStatus;
      if (line.event === 'up') up.resolve(line);
      else if (line.event === 'reply') waiting.shift()?.resolve(line);
      else if (line.event === 'error') waiting.shift()?.reject(new Error(line.message));
      else onEvent(line);
    });
    const giveUp = () => up.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return new PlatformStack(child, await up.promise, waiting, ended);
    } catch (error) {
      child.stdin.end();
      await ended;
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get status(): PlatformStatus {
    return this.#status;
  }

  /** The process of that name. @throws Error with the reason where it is not ready. */
  process(name: string): PlatformProcess {
    const found = this.#status.processes[name];
    if (found?.state !== 'ready') throw new Error(`${name} is not ready: ${found?.reason ?? 'not in the topology'}`);
    return found;
  }

  /** Restarts a process with more environment (null takes a variable away) and resolves when it is ready. */
  async restart(name: string, env: Record<string, string | null>): Promise<void> {
    await this.#command({ command: 'restart', process: name, env });
    const { status } = await this.#command({ command: 'status' });
    if (status !== undefined) this.#status = status;
  }

  /** Stops all that was started. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #command(command: object): Promise<Line> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    });
  }
}
