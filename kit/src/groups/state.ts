import Type, { type Static } from '../../vendor/typebox.js';
import type { Values } from '../fields/definition.ts';
import { Moment, microsIn, momentOf } from '../import/moment.ts';
import type { KeptReply } from '../once/kept-reply.ts';
import { ReplyState, replyStateOf } from '../once/reply-state.ts';
import type { Group } from './group.ts';

export const Id = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });

/** A group as it travels between the system that had it before and its service. */
export const GroupState = Type.Object({
  parent_id: Type.Union([Type.String({ minLength: 36, maxLength: 36 }), Type.Null()]),
  name: Type.String({ minLength: 1, maxLength: 255 }),
  slug: Type.String({ minLength: 1, maxLength: 255 }),
  description: Type.String({ maxLength: 65_536 }),
  status: Type.Enum(['live', 'draft']),
  created_at: Moment,
  updated_at: Moment,
  /** Values of fields that an operator added, by the id of the field. Absent without a value. */
  fields: Type.Optional(Type.Record(Id, Type.Unknown(), { additionalProperties: false, minProperties: 1 })),
  /** To keyed requests that set its values, in the order of their hashes. Absent without one. */
  replies: Type.Optional(Type.Array(ReplyState, { minItems: 1 })),
});
export type GroupState = Static<typeof GroupState>;

export const groupIn = (id: string, state: GroupState): Group => ({
  id,
  parentId: state.parent_id,
  name: state.name,
  slug: state.slug,
  description: state.description,
  status: state.status,
  createdAt: microsIn(state.created_at),
  updatedAt: microsIn(state.updated_at),
  values: (state.fields ?? {}) as Values,
});

export const stateOf = (group: Group, replies: readonly KeptReply[]): GroupState => ({
  parent_id: group.parentId,
  name: group.name,
  slug: group.slug,
  description: group.description,
  status: group.status,
  created_at: momentOf(group.createdAt),
  updated_at: momentOf(group.updatedAt),
  ...(Object.keys(group.values).length > 0 && { fields: { ...group.values } }),
  ...(replies.length > 0 && { replies: replies.map(replyStateOf) }),
});
