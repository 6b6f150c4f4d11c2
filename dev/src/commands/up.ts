import { DevError } from '../errors.ts';
import { jsonView } from '../report/json-view.ts';
import { terminalView } from '../report/terminal-view.ts';
import type { UpOutput } from '../report/view.ts';
import type { Emit } from '../stack/events.ts';
import type { StackOptions } from '../stack/options.ts';
import { Stack } from '../stack/stack.ts';

/**
 * `npm start`: brings the stack up, shows it, and keeps it up until told to stop.
 * @returns the exit code: 1 when the edge is not ready; everything that was started is then stopped.
 */
export async function up(options: StackOptions, output: UpOutput): Promise<number> {
  const startedAt = performance.now();
  let listen: Emit = () => {};
  const stack = await Stack.open({ ...options, accompanied: true, onEvent: (event) => listen(event) });
  const unknown = output.follow?.find((name) => stack.topology.services[name] === undefined);
  if (unknown !== undefined) {
    await stack.stop();
    const names = Object.keys(stack.topology.services).join(', ');
    throw new DevError('unknown_process', `there is no process ${unknown} to follow; there are ${names}`);
  }
  const unhook = stopOnSignals(stack, output.json);
  // The reader of the output has closed the pipe.
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
    // A terminal sends Ctrl-C to every process, and npm forwards it once more: one key makes two signals.
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
