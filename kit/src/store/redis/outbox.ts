import { randomUUID } from 'node:crypto';
import type { Added } from '../added.ts';
import type { OutboxRow } from '../events.ts';
import { type EventColumns, eventOf } from '../sql/event-columns.ts';
import type { OutboxClaim, OutboxFeed } from '../store.ts';
import type { Connection } from './connection.ts';

/** How long a relay that died keeps others out. A living one renews it with each round. */
const leaseMs = 10_000;

/** Entries that are read at once. */
const pageSize = 500;

const renew =
  "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/**
 * The outbox is a stream, and what is published leaves it. The claim is a lease and no lock: a relay that stands still
 * for longer loses it, and two may publish the same events for a moment. Their versions make that harmless.
 */
export function outboxFeed({
  connection,
  prefix,
  added,
}: {
  connection: Connection;
  prefix: string;
  added: Added;
}): OutboxFeed {
  const stream = `${prefix}outbox`;
  const lease = `${prefix}relay`;
  async function* entries(): AsyncGenerator<OutboxRow> {
    for (let from = '-'; ; ) {
      const page = await connection.run((client) => client.xrange(stream, from, '+', 'COUNT', pageSize));
      for (const [place, fields] of page) yield rowOf(place, fields);
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < pageSize) return;
      from = `(${last}`;
    }
  }
  const claimed = (token: string): OutboxClaim => {
    const keep = async () => {
      const kept = await connection.run((client) => client.eval(renew, 1, lease, token, leaseMs));
      if (kept !== 1) throw new Error('another relay has taken the outbox');
    };
    return {
      next: async (limit, exceptTypes) => {
        await keep();
        const rows: OutboxRow[] = [];
        for await (const row of entries()) {
          if (!exceptTypes.includes(row.event.type)) rows.push(row);
          if (rows.length === limit) break;
        }
        return rows;
      },
      markPublished: async (places) => {
        if (places.length === 0) return;
        await keep();
        await connection.run((client) => client.xdel(stream, ...places));
      },
      backlog: async (exceptTypes) => {
        const isCounted = ({ event }: OutboxRow) => !exceptTypes.includes(event.type);
        let [waiting, oldestAtUs] = [0, null as number | null];
        for await (const row of entries()) {
          if (!isCounted(row)) continue;
          oldestAtUs ??= row.event.occurredAtUs;
          if (exceptTypes.length === 0) {
            return { waiting: await connection.run((client) => client.xlen(stream)), oldestAtUs };
          }
          waiting += 1;
        }
        return { waiting, oldestAtUs };
      },
      release: async () => {
        await connection.run((client) => client.eval(release, 1, lease, token)).catch(() => {});
      },
    };
  };
  return {
    onAdded: added.listen,
    claim: async () => {
      const token = randomUUID();
      const got = await connection.run((client) => client.set(lease, token, 'PX', leaseMs, 'NX'));
      return got === 'OK' ? claimed(token) : null;
    },
  };
}

function rowOf(place: string, fields: readonly string[]): OutboxRow {
  const columns: Record<string, string | null> = { id: place };
  for (let at = 0; at + 1 < fields.length; at += 2) columns[fields[at] ?? ''] = fields[at + 1] || null;
  const { type_version: version } = columns;
  const row = { ...columns, type_version: Number(version) } as unknown as EventColumns;
  return eventOf(row);
}
