import { availableParallelism, totalmem } from 'node:os';

/** What a process has to do slow hashes with. */
export interface Machine {
  cores: number;
  /** Threads of libuv's pool, which hashes share with DNS look-ups and files. */
  threads: number;
  /** What the process may take in all, in bytes: of its container, or of the machine. */
  memoryBytes: number;
}

export interface HashLimits {
  /** Slow hashes at one time. */
  concurrency: number;
  /** What they may take together, in bytes; one at a time may take more. */
  memoryBytes: number;
}

const mebibyte = 1_048_576;

/** What the service takes without any slow hash, with room to spare. */
const restBytes = 160 * mebibyte;

/**
 * One core is left for requests and one thread of the pool for everything else that needs one; half of the memory that is
 * left beside the service itself may go to hashes.
 */
export function slowHashLimits({ cores, threads, memoryBytes }: Machine): HashLimits {
  return {
    concurrency: Math.max(1, Math.min(cores, threads) - 1),
    memoryBytes: Math.max(0, Math.floor((memoryBytes - restBytes) / 2)),
  };
}

/** The machine that the process runs on. */
export function thisMachine(env: NodeJS.ProcessEnv): Machine {
  const limit = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    threads: poolThreads(env.UV_THREADPOOL_SIZE),
    // Without a limit of its own, a process is told 0, or a number that no machine has.
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}

/** As libuv reads it: 4 where it is not set, at least 1, at most 1,024. */
export function poolThreads(setting: string | undefined): number {
  const threads = setting === undefined || setting === '' ? 4 : Number.parseInt(setting, 10);
  return Math.min(1_024, Math.max(1, Number.isNaN(threads) ? 1 : threads));
}
