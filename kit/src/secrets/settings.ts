import Type from '../../vendor/typebox.js';
import { whole } from '../service/common-settings.ts';
import { type HashLimits, type Machine, slowHashLimits } from './hash-limits.ts';

/** For a service that hashes secrets slowly. */
export const slowHashSettings = {
  /** Concurrent slow hashes. Absent: one less than the number of cores or pool threads, whichever is smaller. */
  SLOW_HASH_CONCURRENCY: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  /** MiB for all slow hashes. One always runs. Absent: half of what the process may use beyond 160 MiB. */
  SLOW_HASH_MEMORY_MB: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_048_576 })),
  /** Requests that may wait for a slow hash. Further requests get 503 with Retry-After. */
  SLOW_HASH_QUEUE: whole(64, 0),
};

interface Given {
  SLOW_HASH_CONCURRENCY?: number | undefined;
  SLOW_HASH_MEMORY_MB?: number | undefined;
}

/** The settings with what the machine decides about those that are absent. */
export function withSlowHashLimits<Config extends Given>(config: Config, machine: Machine) {
  const limits = slowHashLimits(machine);
  return {
    ...config,
    SLOW_HASH_CONCURRENCY: config.SLOW_HASH_CONCURRENCY ?? limits.concurrency,
    SLOW_HASH_MEMORY_MB: config.SLOW_HASH_MEMORY_MB ?? Math.floor(limits.memoryBytes / 1_048_576),
  };
}

/** The limits that settings describe. */
export function limitsOf(config: Readonly<Record<keyof Given, number>>): HashLimits {
  return { concurrency: config.SLOW_HASH_CONCURRENCY, memoryBytes: config.SLOW_HASH_MEMORY_MB * 1_048_576 };
}
