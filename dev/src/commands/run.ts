import { join } from 'node:path';
import { DevError } from '../errors.ts';
import { repository, stackFolder } from '../paths.ts';
import { describe } from '../report/lines.ts';
import { ask } from '../stack/control.ts';
import type { StackOptions } from '../stack/options.ts';
import { startStack } from '../stack/stack.ts';
import { readTopology } from '../topology/read.ts';
import { inForeground } from './child.ts';

/**
 * Runs a one-shot of the topology in the foreground, with the environment it has there. Against the running stack if
 * there is one; otherwise its dependencies are started first and stopped afterwards.
 * @returns its exit code.
 */
export async function run(options: StackOptions, name: string, args: readonly string[]): Promise<number> {
  const { stack = 'default', dataDir } = options;
  const command = { command: 'command-line', process: name, ...(args.length > 0 ? { args } : {}) };
  const reply = await ask(stackFolder(stack, dataDir), command);
  if (reply?.event === 'error') throw new DevError('unknown_process', reply.message ?? '');
  if (reply?.line !== undefined) return inForeground(reply.line);

  const file = options.composeFile ?? join(repository, 'docker-compose.yml');
  const service = readTopology(file, options.variables ?? process.env).services[name];
  if (service === undefined) throw new DevError('unknown_process', `there is no process ${name} in ${file}`);
  const started = await startStack({
    ...options,
    only: [...Object.keys(service.dependsOn), ...service.after],
    onEvent: (event) => {
      const line = describe(event);
      if (line !== null) console.error(line);
    },
  });
  try {
    const missing = Object.keys(service.dependsOn).flatMap((other) => started.causesOf(other))[0];
    if (missing !== undefined) throw new DevError('not_running', `${name} needs ${missing.name}: ${missing.reason}`);
    return await inForeground(started.commandLine(name, args.length > 0 ? args : undefined));
  } finally {
    await started.stop();
  }
}
