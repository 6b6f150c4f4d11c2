import type { Redis } from 'ioredis';
import { type Clock, systemClock } from '../../service/clock.ts';
import { Added } from '../added.ts';
import type { Store } from '../store.ts';
import { Connection } from './connection.ts';
import { durabilityFaults, durabilitySettings } from './durability.ts';
import { unavailableBecause } from './errors.ts';
import { outboxFeed } from './outbox.ts';
import { applySchema, libraryName } from './schema.ts';

export interface RedisStoreOptions {
  /** `redis://user:password@host:port/number` */
  url: string;
  /** Begins all keys of the store, in braces: they share one slot of a cluster. Letters, digits and hyphens. */
  tag: string;
  connectTimeoutMs?: number;
  commandTimeoutMs?: number;
  /** How long the result of an operation is kept for its repetitions. */
  keepOperationsMs?: number;
  /** Called when the connection is lost or cannot be made. */
  onIdleError?: (error: Error) => void;
  /** Called by `applySchema` for each setting with which the server loses what it acknowledged. */
  onCareless?: (fault: string) => void;
  now?: Clock;
}

export interface FunctionCall {
  /** Name that the service's file gave to `kit.transaction`. */
  name: string;
  /**
   * Identifies what is done, and not the attempt: the same for a retry, a redelivery and a repetition after a lost
   * reply. They get the result of the first. A consumer takes its name and the event's id.
   */
  operationId: string;
  args: readonly string[];
}

export interface FunctionResult {
  text: string;
  /** Whether the operation had been done before. */
  repeated: boolean;
}

/**
 * A store whose transactions are functions. It differs from the others: a transaction is one call of a function that
 * runs inside the server, so it cannot hold statements of the service's program, and the outbox and the inbox are used
 * in it, in Lua (see prelude.lua).
 */
export interface RedisStore extends Store {
  /** `{tag}:`, the beginning of every key. */
  readonly prefix: string;
  /** Reads. Writes belong into functions. */
  read<Result>(work: (client: Redis) => Promise<Result>): Promise<Result>;
  /**
   * Runs a function of the newest schema file, once per operation id. All of it happens or nothing.
   *
   * @throws ServiceError `store_unavailable`: it has happened or not, and the same operation id finds out
   */
  transaction(call: FunctionCall): Promise<FunctionResult>;
}

/** Rows of the inbox that are deleted per call. */
const batch = 5_000;
const keepFailuresS = 7 * 86_400;

/** Opens a store. It connects at the first command, so a process can start while its store is down. */
export function openRedis(options: RedisStoreOptions): RedisStore {
  const { url, tag, connectTimeoutMs = 1_000, commandTimeoutMs = 1_000, keepOperationsMs = 86_400_000 } = options;
  const { onIdleError = () => {}, onCareless = () => {}, now = systemClock } = options;
  if (!/^[\w-]+$/.test(tag)) throw new Error('the tag of a store has letters, digits and hyphens');
  const connection = new Connection({ url, connectTimeoutMs, commandTimeoutMs, onIdleError });
  const prefix = `{${tag}}:`;
  const added = new Added();
  let newest: number | undefined;

  return {
    prefix,
    read: (work) => connection.run(work),
    transaction: async ({ name, operationId, args }) => {
      if (newest === undefined) throw unavailableBecause(new Error('the schema has not been applied yet'));
      const called = `${libraryName(tag, newest)}_${name}`;
      const keepS = Math.ceil(keepOperationsMs / 1_000);
      const own = [prefix, operationId, String(now()), String(keepS)];
      const key = `${prefix}op:${operationId}`;
      const reply = await connection.run((client) => client.fcall(called, 1, key, ...own, ...args));
      const [repeated, events, text] = reply as [number, number, string];
      if (events > 0) added.tell();
      return { text, repeated: repeated === 1 };
    },
    ping: async () => {
      await connection.run((client) => client.ping());
    },
    close: async () => connection.close(),
    applySchema: async ({ folder }) => {
      const applied = await applySchema(connection, tag, folder);
      newest = applied.newest;
      // A server that is run by others may not tell its settings.
      const told = await connection.run((client) => client.config('GET', ...durabilitySettings)).catch(() => []);
      for (const fault of durabilityFaults(pairs(told as string[]))) onCareless(fault);
      return applied.names;
    },
    outboxFeed: outboxFeed({ connection, prefix, added }),
    failures: {
      record: async (consumer, eventId, reason) => {
        const key = `${prefix}failures:${consumer}:${eventId}`;
        const replies = await connection.run((client) =>
          client
            .multi()
            .hincrby(key, 'failures', 1)
            .hset(key, 'reason', reason.slice(0, 1_000))
            .expire(key, keepFailuresS)
            .exec(),
        );
        return Number(replies?.[0]?.[1] ?? 1);
      },
    },
    forget: (beforeMs) =>
      connection.run(async (client) => {
        const key = `${prefix}inbox`;
        const old = await client.zrange(key, '-inf', `(${beforeMs}`, 'BYSCORE', 'LIMIT', 0, batch);
        if (old.length > 0) await client.zrem(key, ...old);
        return old.length >= batch;
      }),
  };
}

function pairs(flat: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) found[flat[at] ?? ''] = flat[at + 1] ?? '';
  return found;
}
