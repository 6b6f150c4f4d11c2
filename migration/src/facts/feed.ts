import type { NewEvent, OutboxRow } from '@banyan/kit/events';
import { versionOf } from '@banyan/kit/import';
import type { Published } from '@banyan/kit/messages';
import type { OutboxClaim } from '@banyan/kit/store';
import type { Client } from 'pg';
import { connect } from '../monolith/database.ts';
import type { Resource } from '../resources/resource.ts';
import { attachFacts } from './capture.ts';
import { lookForFacts } from './looking.ts';

interface Row {
  seq: string;
  epoch: string;
  id: string;
  key: string;
  entity_id: string;
  resources: unknown;
  at_us: string;
}

/** The notes with their events, whether the monolith still has these or not, in the order in which they were noted. */
const noted = `
  select seq, epoch, coalesce(e.id, (kept->>'id')::uuid) as id, coalesce(e.key, kept->>'key') as key,
    coalesce(e.entity_id, kept->>'entity_id') as entity_id, coalesce(e.resources, (kept->'resources')::json) as resources,
    (extract(epoch from coalesce(e.created_at, (kept->>'created_at')::timestamptz)) * 1000000)::bigint as at_us
  from migration.facts left join shop_events e using (seq)
  where coalesce(e.key, kept->>'key') <> all($1::text[]) order by seq limit $2`;

const backlog = `
  select count(*) as waiting,
    (extract(epoch from min(coalesce(e.created_at, (kept->>'created_at')::timestamptz))) * 1000000)::bigint as oldest
  from migration.facts left join shop_events e using (seq) where coalesce(e.key, kept->>'key') <> all($1::text[])`;

/** One worker publishes at a time. The lock lives as long as its connection. */
const lock = "select pg_try_advisory_lock(hashtextextended('migration facts', 0)) as locked";

/**
 * The monolith's events as an outbox, which attaches itself: a note is what waits. A note whose publishing was not recorded is published again,
 * with the same id and version.
 */
export function monolithFacts(url: string, resources: readonly Resource[]): Published {
  return {
    forget: async () => false,
    outboxFeed: {
      onAdded: (listener) => lookForFacts(url, listener),
      claim: async () => {
        const client = await connect(url, () => {});
        try {
          const { rows } = await client.query<{ locked: boolean }>(lock);
          if (rows[0]?.locked) {
            await attachFacts(client, resources);
            return claimOn(client);
          }
        } catch (error) {
          await client.end().catch(() => {});
          throw error;
        }
        await client.end();
        return null;
      },
    },
  };
}

function claimOn(client: Client): OutboxClaim {
  return {
    next: async (limit, exceptTypes) => (await client.query<Row>(noted, [exceptTypes, limit])).rows.map(rowOf),
    markPublished: async (places) => {
      if (places.length === 0) return;
      await client.query('delete from migration.facts where seq = any($1::bigint[])', [places]);
    },
    backlog: async (exceptTypes) => {
      const { rows } = await client.query<{ waiting: string; oldest: string | null }>(backlog, [exceptTypes]);
      const oldest = rows[0]?.oldest ?? null;
      return { waiting: Number(rows[0]?.waiting ?? 0), oldestAtUs: oldest === null ? null : Number(oldest) };
    },
    release: async () => {
      await client.end().catch(() => {});
    },
  };
}

/**
 * The version is the epoch in which the event happened and the event's own number, which rises from change to change of
 * an aggregate, because the monolith locks the aggregate before it writes an event of it.
 *
 * The number cannot be taken for a version of an epoch: it is under 2^40 (`versionOf` refuses others), and epochs begin with 1. So
 * what happened before the first attach (epoch 0) is older than all that happens after it; each switch raises the epoch, and the
 * owner of an epoch is one side. So within an epoch versions come from one counter: the numbers here, or the service's.
 */
function rowOf({ seq, epoch, id, key, entity_id, resources, at_us }: Row): OutboxRow {
  const event: NewEvent = {
    id,
    type: key,
    typeVersion: 1,
    aggregateId: entity_id,
    aggregateVersion: versionOf(Number(epoch), Number(seq)),
    state: key.endsWith('.deleted') ? null : resources,
    occurredAtUs: Number(at_us),
  };
  return { place: seq, event };
}
