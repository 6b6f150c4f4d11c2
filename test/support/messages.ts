import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Platform } from './platform.ts';
import { until } from './until.ts';

const cli = fileURLToPath(new URL('../../kit/src/messages/cli/main.ts', import.meta.url));
/** The gauge of an outbox's backlog, without labels. */
const backlog = /^outbox_waiting(?:\{[^}]*\})? (\d+)/m;

/** Resolves when no process has a fact left that waits for the broker. */
export async function nothingWaits({ stack }: Platform): Promise<void> {
  for (const [name, { url, state }] of Object.entries(stack.processes)) {
    if (url === null || state !== 'ready') continue;
    await until(`the outbox of ${name} to be empty`, async () => {
      const reply = await fetch(`${url}/metrics`).catch(() => null);
      const [, waiting = '0'] = reply?.ok ? (backlog.exec(await reply.text()) ?? []) : [];
      return waiting === '0';
    });
  }
}

/** Messages that a consumer gave up, one a line with the reason. Empty where no process has a broker. */
export async function deadLetters({ stack }: Platform): Promise<string[]> {
  const environments = Object.keys(stack.processes).map((name) => stack.commandLine(name).env);
  const found = environments.find((env) => env.RABBITMQ_URL);
  if (found === undefined) return [];
  const prefix = found.RABBITMQ_PREFIX ? ['--prefix', found.RABBITMQ_PREFIX] : [];
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'dead', '--json', ...prefix], { env: found });
  return stdout.split('\n').filter((line) => line !== '');
}
