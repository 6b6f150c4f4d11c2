import type { Worker } from 'node:cluster';

/**
 * Calls `onGone` once: when the process has ended and everything it has sent has been read. A busy primary learns of the
 * end first, and only then reads the last messages of the worker, among them what it has counted in its life.
 *
 * @param onGone `how`: the signal or the exit code
 */
export function whenGone(worker: Pick<Worker, 'on' | 'isConnected'>, onGone: (how: string) => void): void {
  let how: string | null = null;
  let told = false;
  const look = () => {
    if (told || how === null || worker.isConnected()) return;
    told = true;
    onGone(how);
  };
  worker.on('exit', (code, signal) => {
    how = signal ?? `exit code ${code}`;
    look();
  });
  // After the last message.
  worker.on('disconnect', look);
}
