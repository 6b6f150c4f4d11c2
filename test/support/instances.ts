import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Platform } from './platform.ts';

/** A process beside the one that the platform runs of a service. It registers itself with the mesh. */
export interface FurtherInstance {
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

export function startFurtherInstance({ stack }: Platform, service: string): FurtherInstance {
  const { file, args, cwd, env } = stack.commandLine(service);
  const child: ChildProcess = spawn(file, args, {
    cwd,
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
