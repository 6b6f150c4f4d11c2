import type { Ledger, VersionRow } from '../../import/ledger.ts';
import { neverOwned, type Ownership } from '../../import/ownership.ts';
import { ServiceError } from '../../service/errors.ts';
import { Gate } from './gate.ts';
import { membersAtOnce, RedisTx } from './ledger-tx.ts';
import type { RedisStore } from './redis.ts';

export { RedisTx, type Reply } from './ledger-tx.ts';

/** Each conflict means that another transaction was committed, so many at one aggregate need as many attempts. */
const maxAttempts = 200;

/** How long a change of the owner waits for the writes of this process that are under way. */
const maxWaitMs = 10_000;

/**
 * The ledger of a Redis store: see {@link Ledger}. No lock holds the owner still. Instead, each commit checks that the
 * owner is the one that the transaction read, so that no write is committed after the change. Writes of this process
 * that are under way are waited for; those of other processes are then refused as misdirected, and nothing of them is
 * written.
 *
 * The versions of a resource are the scores of a ZSET, which holds integers of 53 bits exactly.
 */
export function redisLedger(store: RedisStore): Ledger<RedisTx> {
  const gate = new Gate(maxWaitMs);
  const leaving = new WeakMap<RedisTx, () => void>();
  const key = (...parts: string[]) => `${store.prefix}${parts.join(':')}`;
  const versions = (resource: string) => key('aggregate_versions', resource);
  const lacking = (resource: string) => key('pending_versions', resource);
  const newest = key('newest_versions');

  const enter = async (tx: RedisTx, lock: 'none' | 'shared' | 'exclusive') => {
    if (lock === 'none' || leaving.has(tx)) return;
    leaving.set(tx, await gate[lock]());
  };
  const write = (tx: RedisTx, resource: string, rows: readonly VersionRow[], pending: boolean) => {
    for (const some of chunks(rows)) {
      const scored = some.flatMap(({ key: member, version }) => [version, member]);
      tx.write('ZADD', versions(resource), ...scored);
      if (pending) tx.write('ZADD', lacking(resource), ...scored);
      else tx.write('ZREM', lacking(resource), ...some.map(({ key: member }) => member));
    }
    const last = rows.reduce((largest, { version }) => Math.max(largest, version), 0);
    if (last > 0) tx.write('ZADD', newest, 'GT', last, resource);
  };

  return {
    transaction: async (work) => {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        const tx = new RedisTx(store);
        try {
          const result = await work(tx);
          if (await tx.commit()) return result;
        } finally {
          leaving.get(tx)?.();
        }
      }
      throw new ServiceError('store_unavailable', {
        cause: new Error(`a transaction met other writes ${maxAttempts} times`),
        retryAfterS: 1,
      });
    },
    ownership: async (tx, group, lock) => {
      await enter(tx, lock);
      const command = ['HMGET', key('ownership', group), 'epoch', 'state', 'way_back'] as const;
      const reply = lock === 'none' ? await tx.peek((client) => client.call(...command)) : await tx.read(...command);
      const [epoch, state, wayBack] = reply as (string | null)[];
      if (epoch == null) return neverOwned;
      return { epoch: Number(epoch), state: state as Ownership['state'], wayBack: wayBack === '1' };
    },
    setOwnership: async (tx, group, { epoch, state, wayBack }) => {
      tx.write('HSET', key('ownership', group), 'epoch', epoch, 'state', state, 'way_back', wayBack ? '1' : '0');
    },
    // Drawn at once, and lost if the transaction is repeated.
    nextCounter: (tx) => tx.peek((client) => client.incr(key('version_counter'))),
    record: async (tx, resource, rows, pending) => {
      // A transaction that drew its number before another one and is committed after it draws a new one.
      for (const { key: member, version } of rows) tx.expectNewer(versions(resource), member, version);
      write(tx, resource, rows, pending);
    },
    claim: async (tx, resource, rows) => {
      const newer: VersionRow[] = [];
      for (const some of chunks(rows)) {
        const known = (await tx.read('ZMSCORE', versions(resource), ...some.map((row) => row.key))) as (
          | string
          | null
        )[];
        newer.push(...some.filter(({ version }, index) => Number(known[index] ?? 0) <= version));
      }
      write(tx, resource, newer, false);
      return new Set(newer.map((row) => row.key));
    },
    pending: async (tx, resource, limit) => {
      const flat = await tx.peek((client) => client.zrange(lacking(resource), '0', String(limit - 1), 'WITHSCORES'));
      return Array.from({ length: flat.length / 2 }, (_, index) => ({
        key: flat[2 * index] ?? '',
        version: Number(flat[2 * index + 1]),
      }));
    },
    acknowledge: async (tx, resource, seen) => {
      for (const { key: member, version } of seen) tx.forget(lacking(resource), member, version);
    },
    newest: async (tx, resource) => Number((await tx.peek((client) => client.zscore(newest, resource))) ?? 0),
  };
}

function chunks<One>(all: readonly One[]): One[][] {
  return Array.from({ length: Math.ceil(all.length / membersAtOnce) }, (_, index) =>
    all.slice(index * membersAtOnce, (index + 1) * membersAtOnce),
  );
}
