import type { Micros } from '../api/timestamps.ts';
import { microsOf } from '../api/timestamps.ts';
import type { Clock } from '../service/clock.ts';
import type { RedisTx } from '../store/redis/ledger-tx.ts';
import { type KeptReplies, type KeptReply, keptForUs } from './kept-reply.ts';

/** As it is stored: JSON. */
interface Stored extends Omit<KeptReply, 'bodyHash' | 'createdAt'> {
  body_hash: string;
  created_at: Micros;
}

/** When a reply is forgotten, in Unix ms. */
export const replyUntilMs = ({ createdAt }: Pick<KeptReply, 'createdAt'>): number =>
  Math.floor((createdAt + keptForUs) / 1_000);

/**
 * Kept replies in Redis: `reply:<hash>`, and `replies:<owner>`, the set of the hashes of an owner. They expire by
 * themselves. Twins that meet are repeated: what the first one read has changed then.
 */
export function redisReplies(tx: RedisTx, now: Clock): KeptReplies {
  const replyKey = (hash: string) => `${tx.prefix}reply:${hash}`;
  const ownerKey = (owner: string) => `${tx.prefix}replies:${owner}`;
  const isKept = (reply: KeptReply, at: Micros) => reply.createdAt > at - keptForUs;

  return {
    claim: async ({ hash }) => {
      const text = await tx.read('GET', replyKey(hash));
      const kept = typeof text === 'string' ? replyIn(text) : undefined;
      return kept && isKept(kept, microsOf(now())) ? kept : undefined;
    },
    keep: async (reply, owner) => {
      const untilMs = replyUntilMs(reply);
      tx.write('SET', replyKey(reply.hash), textOf(reply), 'PXAT', untilMs);
      if (owner === null) return;
      tx.write('SADD', ownerKey(owner), reply.hash);
      tx.write('PEXPIREAT', ownerKey(owner), untilMs, 'NX');
      tx.write('PEXPIREAT', ownerKey(owner), untilMs, 'GT');
    },
    ofOwners: async (owners, at) => {
      if (owners.length === 0) return new Map();
      const hashes = await tx.peek(async (client) => {
        const multi = client.multi();
        for (const owner of owners) multi.smembers(ownerKey(owner));
        return ((await multi.exec()) ?? []).map(([, members]) => (members as string[]).sort());
      });
      const all = hashes.flat();
      if (all.length === 0) return new Map();
      const texts = await tx.peek((client) => client.mget(all.map(replyKey)));
      const kept = new Map(texts.flatMap((text) => (text === null ? [] : [entryOf(replyIn(text))])));
      const found = owners.map((owner, index): [string, KeptReply[]] => [
        owner,
        (hashes[index] ?? []).flatMap((hash) => kept.get(hash) ?? []).filter((reply) => isKept(reply, at)),
      ]);
      return new Map(found.filter(([, replies]) => replies.length > 0));
    },
  };
}

const entryOf = (reply: KeptReply) => [reply.hash, reply] as const;

function textOf({ bodyHash, createdAt, ...rest }: KeptReply): string {
  return JSON.stringify({ ...rest, body_hash: bodyHash, created_at: createdAt } satisfies Stored);
}

function replyIn(text: string): KeptReply {
  const { body_hash, created_at, ...rest } = JSON.parse(text) as Stored;
  return { ...rest, bodyHash: body_hash, createdAt: created_at };
}
