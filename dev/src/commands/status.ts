import { DevError } from '../errors.ts';
import { stackFolder } from '../paths.ts';
import { summary } from '../report/summary.ts';
import { ask } from '../stack/control.ts';
import type { StackOptions } from '../stack/options.ts';

/** Prints what runs where. Exit code 1 where nothing runs. */
export async function status({ stack = 'default', dataDir }: StackOptions, json: boolean): Promise<number> {
  const reply = await ask(stackFolder(stack, dataDir), { command: 'status' });
  if (reply?.status === undefined)
    throw new DevError('not_running', `the stack "${stack}" is not running: start it with npm start`);
  console.log(json ? JSON.stringify(reply.status) : summary(reply.status, null));
  return 0;
}
