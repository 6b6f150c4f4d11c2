import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ServiceError } from '../../service/errors.ts';
import { faultOf } from '../events.ts';
import type { Outbox } from '../store.ts';
import type { FunctionResult, RedisStore } from './redis.ts';

/** A reply of Redis in the second version of its protocol. */
export type Reply = string | number | null | readonly Reply[];

/** Members of one ZSET in one command: the function that runs them has a stack of some thousand values. */
export const membersAtOnce = 1_000;

/** How often a commit whose reply was lost is asked for again. */
const askedAgain = 2;

interface Scored {
  key: string;
  member: string;
  score: string;
}

/**
 * A transaction on Redis. It reads at once and keeps its writes back; the commit is one function. That function first
 * repeats the reads that the transaction built upon, and writes only if their replies are the same. So the transaction
 * happens as if at one moment, or not at all.
 */
export class RedisTx {
  /** Of this attempt: unique. */
  readonly id: string = randomUUID();
  /** `{tag}:`, the beginning of every key. */
  readonly prefix: string;
  readonly #store: RedisStore;
  readonly #parts = {
    expected: [] as { command: readonly string[]; reply: Reply }[],
    newer: [] as Scored[],
    forgotten: [] as Scored[],
    writes: [] as (readonly string[])[],
    events: [] as Readonly<Record<string, string>>[],
  };

  constructor(store: RedisStore) {
    this.#store = store;
    this.prefix = store.prefix;
  }

  /** Reads, now. The commit requires that the command still has this reply. */
  async read(...command: [string, ...string[]]): Promise<Reply> {
    const [name, ...args] = command;
    const reply = (await this.peek((client) => client.call(name, ...args))) as Reply;
    this.expect(command, reply);
    return reply;
  }

  /** Reads, now. Whether it has changed is not checked. */
  peek<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    return this.#store.read(work);
  }

  /** The commit requires that the command has this reply, and leaves nothing otherwise: `work` is repeated. */
  expect(command: readonly string[], reply: Reply): void {
    this.#parts.expected.push({ command, reply });
  }

  /** Writes at the commit. The key must have the right type, because what was written before it would stay. */
  write(...command: [string, ...(string | number)[]]): void {
    this.#parts.writes.push(command.map(String));
  }

  /** The outbox: events leave if the transaction commits, and only then. */
  readonly outbox: Outbox = {
    add: async (event) => {
      const fault = faultOf(event);
      if (fault !== null) throw new Error(`an event cannot be added to the outbox: ${fault}`);
      this.#parts.events.push({
        id: event.id,
        type: event.type,
        type_version: String(event.typeVersion),
        aggregate_id: event.aggregateId,
        aggregate_version: String(event.aggregateVersion),
        state: JSON.stringify(event.state),
        occurred_at_us: String(event.occurredAtUs),
        ...(event.trace === undefined ? {} : { trace: JSON.stringify(event.trace) }),
        ...(event.deadlineMs === undefined ? {} : { deadline_ms: String(event.deadlineMs) }),
      });
    },
  };

  /** The commit requires that a member's score, if it has one, is smaller. */
  expectNewer(key: string, member: string, score: number): void {
    this.#parts.newer.push({ key, member, score: String(score) });
  }

  /** At the commit, removes a member if it still has this score. */
  forget(key: string, member: string, score: number): void {
    this.#parts.forgotten.push({ key, member, score: String(score) });
  }

  /**
   * False if something had changed: nothing was written.
   *
   * @throws ServiceError `store_unavailable`: it was written or not
   */
  async commit(): Promise<boolean> {
    const { writes, forgotten, events } = this.#parts;
    if (writes.length + forgotten.length + events.length === 0) return true;
    return (await this.#send(askedAgain)).text === 'done';
  }

  async #send(again: number): Promise<FunctionResult> {
    const args = [JSON.stringify(this.#parts)];
    try {
      return await this.#store.transaction({ name: 'kit_commit', operationId: this.id, args });
    } catch (error) {
      // The same operation is harmless if it was done, and tells what came of it.
      const lost = error instanceof ServiceError && error.code === 'store_unavailable';
      if (!lost || again === 0) throw error;
      return this.#send(again - 1);
    }
  }
}
