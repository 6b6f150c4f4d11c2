import { stackFolder } from '../paths.ts';
import { ask } from '../stack/control.ts';
import type { StackOptions } from '../stack/options.ts';
import { until } from '../until.ts';

/** Stops the running stack and waits until it has stopped. Nothing running is as good as stopped. */
export async function stop({ stack = 'default', dataDir }: StackOptions): Promise<number> {
  const folder = stackFolder(stack, dataDir);
  const reply = await ask(folder, { command: 'stop' });
  if (reply?.status === undefined) {
    console.log(`The stack "${stack}" is not running.`);
    return 0;
  }
  const gone = async () => (await ask(folder, { command: 'status' })) === null;
  await until(gone, { limitMs: 60_000, everyMs: 50, what: 'the stack has stopped' });
  console.log(`The stack "${stack}" has stopped.`);
  return 0;
}
