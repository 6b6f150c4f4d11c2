import { availableParallelism, totalmem } from 'node:os';

/** The resources that a process has for slow hashes. */
export interface Machine {
  cores: number;
  /** Threads of libuv's pool, which slow hashes share with DNS look-ups and files. */
  threads: number;
  /** Memory limit of the process in bytes: that of its container or of the machine. */
  memoryBytes: number;
}

export interface HashLimits {
  /** Maximum number of concurrent slow hashes. */
  concurrency: number;
  /** Memory for all concurrent slow hashes, in bytes. A single one may use more. */
  memoryBytes: number;
}

const mebibyte = 1_048_576;

/** Memory of the service without slow hashes, generously estimated. */
const restBytes = 160 * mebibyte;

/**
 * Leaves one core for requests and one thread of the pool for other uses. Slow hashes may use half of the memory that
 * the service itself does not need.
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
    // Without a container limit, Node reports 0 or a number larger than any machine's memory.
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}

/** The size of the thread pool, by libuv's rules: default 4, at least 1, at most 1,024. */
export function poolThreads(setting: string | undefined): number {
  const threads = setting === undefined || setting === '' ? 4 : Number.parseInt(setting, 10);
  return Math.min(1_024, Math.max(1, Number.isNaN(threads) ? 1 : threads));
}
