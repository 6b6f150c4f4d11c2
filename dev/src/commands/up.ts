import { createInterface } from 'node:readline';
import { DevError } from '../errors.ts';
import { Plain } from '../report/plain.ts';
import { progress } from '../report/progress.ts';
import { summary } from '../report/summary.ts';
import { answer } from '../stack/commands.ts';
import type { StackEvent } from '../stack/events.ts';
import { followLogs } from '../stack/logs.ts';
import { Stack, type StackOptions } from '../stack/stack.ts';

export interface UpOutput {
  json: boolean;
  follow: boolean;
  verbose: boolean;
}

/** `npm start`: brings the stack up, shows it, and keeps it up until told to stop. */
export async function up(options: StackOptions, output: UpOutput): Promise<number> {
  const startedAt = performance.now();
  const listeners: ((event: StackEvent) => void)[] = [];
  const stack = await Stack.open({ ...options, onEvent: (event) => listeners.map((listener) => listener(event)) });
  const stopLogs = output.verbose && !output.json ? followLogs(stack.folder, console.log) : null;
  const unhook = stopOnSignals(stack, output.json);
  // Whoever read what is printed has gone.
  process.stdout.on('error', () => void stack.stop());
  let isUp = false;

  if (output.json) {
    listeners.push((event) => write(event));
    takeCommands(stack);
    await stack.begin();
    isUp = stack.isRunning;
    if (isUp) write({ event: 'up', ms: since(startedAt), ...stack.status() });
  } else {
    const names = Object.keys(stack.processes).concat(Object.keys(stack.status().stores));
    const report =
      process.stdout.isTTY && process.stdout.columns >= 40 && !output.verbose
        ? progress(names)
        : new Plain(console.log);
    listeners.push((event) => report.on(event));
    await stack.begin();
    await report.end(stack.status());
    isUp = stack.isRunning;
    if (isUp) console.log(summary(stack.status(), since(startedAt)));
    listeners.splice(0, listeners.length, (event) => new Plain(console.log).on(event));
  }
  const anything = Object.values(stack.processes).some(({ kind, state }) => kind === 'process' && state !== 'down');
  const stopFollowing = output.follow && isUp && !output.json ? followLogs(stack.folder, console.log) : null;
  if (isUp && !anything && !output.json) await stack.stop();
  await stack.stopped;
  stopLogs?.();
  stopFollowing?.();
  unhook();
  if (output.json) write({ event: 'end' });
  if (isUp && !anything) throw new DevError('STORE_UNAVAILABLE', 'nothing could be started');
  return 0;
}

/** First signal: stop in order. Second: at once. */
function stopOnSignals(stack: Stack, silent: boolean): () => void {
  let askedAt: number | null = null;
  const onSignal = () => {
    // npm passes on the Ctrl-C that the terminal has sent to every process already: one key, two signals.
    if (askedAt !== null && performance.now() - askedAt < 500) return;
    if (askedAt !== null) return void stack.abandon();
    askedAt = performance.now();
    if (!silent) console.log('\nStopping (again to kill) …');
    void stack.stop();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** The control protocol: one JSON command per line of stdin; its end stops the stack. */
function takeCommands(stack: Stack): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void answer(stack, line).then(write));
  lines.on('close', () => void stack.stop());
  void stack.stopped.then(() => process.stdin.destroy());
}

const write = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`);
const since = (startedAt: number) => Math.round(performance.now() - startedAt);
