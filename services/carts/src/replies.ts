import type { RedisTx } from '@banyan/kit/redis-ledger';
import Type, { type Static } from '@banyan/kit/typebox';
import type { Keys } from './rows.ts';

/** How long a request with an Idempotency-Key is remembered. */
export const replyLifetimeMs = 24 * 3_600_000;

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** A request that had an Idempotency-Key, and its reply. Written in the transaction of its effect. */
export const KeptReply = Type.Object({
  /** SHA-256 over the client, the customer, the method, the path and the key. */
  hash: Digest,
  /** The kind of the access token, and the client that it was given to. */
  client: Type.String(),
  /** Empty without a customer token. */
  customer: Type.String(),
  method: Type.String(),
  path: Type.String(),
  key: Type.String(),
  /** SHA-256 of the request's body. */
  body_hash: Digest,
  status: Type.Integer(),
  reply: Type.String(),
  /** Microseconds. */
  created_at: Type.Integer(),
});
export type KeptReply = Static<typeof KeptReply>;

export const replyUntilMs = ({ created_at }: Pick<KeptReply, 'created_at'>): number =>
  Math.floor(created_at / 1_000) + replyLifetimeMs;

/** Keeps a reply of the cart with an id. */
export function writeReply(tx: RedisTx, keys: Keys, cartId: string, reply: KeptReply): void {
  const untilMs = replyUntilMs(reply);
  tx.write('SET', keys.reply(reply.hash), JSON.stringify(reply), 'PXAT', untilMs);
  tx.write('SADD', keys.replies(cartId), reply.hash);
  tx.write('PEXPIREAT', keys.replies(cartId), untilMs, 'NX');
  tx.write('PEXPIREAT', keys.replies(cartId), untilMs, 'GT');
  tx.write('ZADD', keys.ids, 0, cartId);
  tx.write('ZADD', keys.until, 'GT', untilMs, cartId);
}

/** The replies of carts that are still kept, in the order of their hashes. */
export async function readReplies(
  tx: RedisTx,
  keys: Keys,
  cartIds: readonly string[],
  nowMs: number,
): Promise<Map<string, KeptReply[]>> {
  if (cartIds.length === 0) return new Map();
  const hashes = await tx.peek(async (client) => {
    const multi = client.multi();
    for (const id of cartIds) multi.smembers(keys.replies(id));
    return ((await multi.exec()) ?? []).map(([, members]) => members as string[]);
  });
  const all = hashes.flat();
  if (all.length === 0) return new Map();
  const texts = await tx.peek((client) => client.mget(all.map(keys.reply)));
  const kept = new Map(
    texts.flatMap((text) => {
      if (text === null) return [];
      const reply = JSON.parse(text) as KeptReply;
      return replyUntilMs(reply) > nowMs ? [[reply.hash, reply] as const] : [];
    }),
  );
  return new Map(
    cartIds.map((id, index) => [id, [...(hashes[index] ?? [])].sort().flatMap((hash) => kept.get(hash) ?? [])]),
  );
}
