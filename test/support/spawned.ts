import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './until.ts';

const root = join(import.meta.dirname, '../..');

/** A line of a log, as `createLogger` of the kit writes it. */
export interface LogLine {
  body?: string;
  traceId?: string;
  attributes?: Record<string, unknown>;
}

/** A program of ours in a process of its own. */
export interface Spawned {
  /** Lines of its log. */
  lines: LogLine[];
  /** Resolves with the first line that says this. */
  said(body: string): Promise<LogLine>;
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** @param program below the project's folder */
export function spawnProgram(program: string, env: Record<string, string>): Spawned {
  const child = spawn(process.execPath, [join(root, program)], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: LogLine[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((part) => part.startsWith('{')).map((part) => JSON.parse(part) as LogLine));
  });
  return {
    lines,
    said: async (body) => {
      await until(`${program} to say "${body}"`, () => lines.some((line) => line.body === body), { limitMs: 60_000 });
      return lines.find((line) => line.body === body) as LogLine;
    },
    kill: () => ended(child, 'SIGKILL'),
    stop: () => ended(child, 'SIGTERM'),
  };
}

async function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
