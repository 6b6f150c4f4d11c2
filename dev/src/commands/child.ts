import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { DevError } from '../errors.ts';
import type { CommandLine } from '../stack/processes.ts';

/**
 * Runs a command in the foreground, on this terminal, and passes SIGTERM on (Ctrl-C reaches it by itself).
 * @returns its exit code, or 128 and the number of the signal that ended it.
 */
export function inForeground({ file, args, cwd, env }: CommandLine): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: 'inherit' });
    const stay = () => {};
    const pass = () => void child.kill('SIGTERM');
    process.on('SIGINT', stay);
    process.on('SIGTERM', pass);
    const end = () => {
      process.off('SIGINT', stay);
      process.off('SIGTERM', pass);
    };
    child.once('error', (error) => {
      end();
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const what = missing ? `there is no program ${file}` : `${file}: ${error.message}`;
      reject(new DevError('command_failed', what, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      end();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
