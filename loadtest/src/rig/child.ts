import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process of a rig. */
export interface Child {
  pid: number;
  /** Sends a message to a child that was started with a channel. */
  send(message: object): void;
  stop(): Promise<void>;
}

export interface ChildOptions {
  file: string;
  args: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** True for one line of its output that means it serves. Null: `responds` finds out instead. */
  ready: ((line: string) => boolean) | null;
  /** Looks whether it serves, where no line says so. */
  responds?: () => Promise<boolean>;
  /** An IPC channel, for children of ours. */
  channel?: boolean;
  /** How long it may take to serve, in milliseconds. */
  withinMs?: number;
}

/**
 * Starts a process and resolves when it serves. @throws Error with its last words when it ends first, or does not serve in time.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { file, args, env = {}, cwd, ready, responds, channel = false, withinMs = 60_000 } = options;
  const child: ChildProcess = spawn(file, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(channel ? (['ipc'] as const) : [])],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = '';
  const hear = (text: string) => {
    said = (said + text).slice(-3000);
  };
  const serving = Promise.withResolvers<void>();
  child.stderr?.on('data', (chunk: Buffer) => hear(chunk.toString()));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    if (said.length < 3000) hear(`${line}\n`);
    if (ready?.(line)) serving.resolve();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('error', serving.reject);
  void ended.then(() => serving.reject(new Error(`${file} ${args[0] ?? ''} ended: ${said.trim()}`)));
  const giveUp = setTimeout(() => serving.reject(new Error(`${file} does not serve: ${said.trim()}`)), withinMs);
  // Whatever ends this process early must not leave it behind.
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);
  void ended.then(() => process.off('exit', abandon));
  const stop = async () => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
  };
  let over = false;
  let next: NodeJS.Timeout | undefined;
  try {
    if (responds !== undefined) {
      const look = async (): Promise<void> => {
        if (await responds()) serving.resolve();
        else if (!over) next = setTimeout(() => void look(), 50);
      };
      void look();
    }
    await serving.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(giveUp);
    over = true;
    clearTimeout(next);
  }
  return { pid: child.pid ?? 0, send: (message) => void child.send?.(message), stop };
}
