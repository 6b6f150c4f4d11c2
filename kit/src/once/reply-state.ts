import Type, { type Static } from '../../vendor/typebox.js';
import { Moment, microsIn, momentOf } from '../import/moment.ts';
import type { KeptReply } from './kept-reply.ts';

const Text = Type.String();
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** A kept reply as it travels, in the state of the aggregate that it moves with. */
export const ReplyState = Type.Object({
  hash: Digest,
  client: Text,
  customer: Text,
  method: Text,
  path: Text,
  key: Text,
  body_hash: Digest,
  status: Type.Integer(),
  reply: Text,
  created_at: Moment,
});
export type ReplyState = Static<typeof ReplyState>;

export function replyStateOf({ bodyHash, createdAt, ...rest }: KeptReply): ReplyState {
  return { ...rest, body_hash: bodyHash, created_at: momentOf(createdAt) };
}

export function replyIn({ body_hash, created_at, ...rest }: ReplyState): KeptReply {
  return { ...rest, bodyHash: body_hash, createdAt: microsIn(created_at) };
}
