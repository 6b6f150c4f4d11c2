import { DevError } from '../errors.ts';
import { jsonView } from '../report/json-view.ts';
import { terminalView } from '../report/terminal-view.ts';
import type { Cause } from '../stack/causes.ts';
import type { Emit } from '../stack/events.ts';
import { Stack, type StackOptions } from '../stack/stack.ts';

export interface UpOutput {
  json: boolean;
  /** Print the logs: of these processes and stores, of all where the list is empty; null: of none. */
  follow: readonly string[] | null;
  verbose: boolean;
}

/** What `npm start` shows of a stack. */
export interface View {
  on: Emit;
  /** The edge answers, and everything else that can be had is ready. */
  up(ms: number): Promise<void>;
  /** The platform cannot be used, for these reasons: it is being stopped. */
  failed(causes: readonly Cause[]): Promise<void>;
  /** The start was broken off by request. */
  brokenOff(): Promise<void>;
  /** The stack has stopped. */
  end(): void;
}

/**
 * `npm start`: brings the stack up, shows it, and keeps it up until told to stop.
 * @returns the exit code: 1 when the edge does not answer; what was started is then stopped again.
 */
export async function up(options: StackOptions, output: UpOutput): Promise<number> {
  const startedAt = performance.now();
  let listen: Emit = () => {};
  const stack = await Stack.open({ ...options, onEvent: (event) => listen(event) });
  const unknown = output.follow?.find((name) => stack.topology.services[name] === undefined);
  if (unknown !== undefined) {
    await stack.stop();
    const names = Object.keys(stack.topology.services).join(', ');
    throw new DevError('UNKNOWN_PROCESS', `there is no process ${unknown} to follow; there are ${names}`);
  }
  const unhook = stopOnSignals(stack, output.json);
  // Whoever read what is printed has gone.
  process.stdout.on('error', () => void stack.stop());
  const view = output.json ? jsonView(stack) : terminalView(stack, output);
  listen = view.on;

  await stack.begin();
  const causes = stack.isRunning ? stack.failures : [];
  if (!stack.isRunning) await view.brokenOff();
  else if (causes.length === 0) await view.up(Math.round(performance.now() - startedAt));
  else {
    await view.failed(causes);
    await stack.stop();
  }
  await stack.stopped;
  view.end();
  unhook();
  return causes.length === 0 ? 0 : 1;
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
