import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface PlatformProcess {
  state: string;
  reason: string;
  pid: number | null;
  url: string;
  urls: Record<string, string>;
}

export interface PlatformStatus {
  processes: Record<string, PlatformProcess>;
  stores: Record<string, { pid: number | null; url: string; source: string }>;
  /** Path of the JSON file with the API clients that the data was seeded with. */
  credentials: string | null;
}

/** One line that the launcher prints. */
interface Line {
  event: string;
  process?: string;
  message?: string;
  ms?: number;
  status?: PlatformStatus;
}

/**
 * The platform, driven through its command line alone: `npm start -- --json` tells events on stdout and takes commands on
 * stdin. What is measured is what people start.
 */
export class PlatformStack {
  #status: PlatformStatus;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Commands are sent one after the other, so answers come in their order. */
  readonly #waiting: ((line: Line) => void)[];
  readonly #ended: Promise<void>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    status: PlatformStatus,
    waiting: ((line: Line) => void)[],
    ended: Promise<void>,
  ) {
    this.#child = child;
    this.#status = status;
    this.#waiting = waiting;
    this.#ended = ended;
  }

  /**
   * Starts `npm start` in `folder` with `args` and resolves when all is up.
   * @throws Error with the launcher's last words where it ends before that.
   */
  static async start(folder: string, args: readonly string[], onEvent: (line: Line) => void): Promise<PlatformStack> {
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
    const waiting: ((line: Line) => void)[] = [];
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line & PlatformStatus;
      if (line.event === 'up') up.resolve(line);
      else if (line.event === 'answer' || line.event === 'error') waiting.shift()?.(line);
      else onEvent(line);
    });
    return new PlatformStack(child, await up.promise, waiting, ended);
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

  /** Starts a process anew with more environment (null takes a variable away) and resolves when it is ready. */
  async restart(name: string, env: Record<string, string | null>): Promise<void> {
    await this.#ask({ command: 'restart', process: name, env });
    const { status } = await this.#ask({ command: 'status' });
    if (status !== undefined) this.#status = status;
  }

  /** Stops all that was started. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #ask(command: object): Promise<Line> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((line) => (line.event === 'error' ? reject(new Error(line.message)) : resolve(line)));
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    });
  }
}
