import Type, { type Static } from '../../vendor/typebox.js';
import { LongText, ShortText, Status } from '../api/schemas.ts';
import type { GroupKind } from './kind.ts';

/** The paths of a kind of groups. */
export function groupPaths({ plural }: Pick<GroupKind, 'plural'>) {
  const all = `/v2/${plural}`;
  const one = `${all}/:id`;
  return {
    all,
    attributes: `${all}/attributes`,
    tree: `${all}/tree`,
    one,
    parent: `${one}/relationships/parent`,
    children: `${one}/relationships/children`,
    /** Parent and children at once. */
    family: `${one}/relationships/${plural}`,
  };
}

/** `data` of a POST that makes a group. Other members are ignored. */
export function newGroupSchema<const Kind extends string>(type: Kind) {
  return Type.Object({
    type: Type.Literal(type),
    name: ShortText,
    /** Unique. */
    slug: ShortText,
    description: Type.Optional(LongText),
    /** Default: draft. Clients that read only what is live do not see drafts. */
    status: Type.Optional(Status),
  });
}
export type NewGroup = Static<ReturnType<typeof newGroupSchema<string>>>;

/** `data` of a PUT: members that are absent keep their value. */
export function groupChangeSchema<const Kind extends string>(type: Kind) {
  return Type.Partial(Type.Object({ ...newGroupSchema(type).properties, id: Type.String() }));
}
export type GroupChange = Static<ReturnType<typeof groupChangeSchema<string>>>;

/** The facts about a kind of groups, each with the version of its schema, which only ever grows. */
export function groupEvents<const Kind extends string>(type: Kind) {
  return {
    created: { type: `${type}.created`, version: 1 },
    updated: { type: `${type}.updated`, version: 1 },
    /** Its state is null. */
    deleted: { type: `${type}.deleted`, version: 1 },
  } as const;
}

/** The state that `created` and `updated` carry: the group as an administrator sees it. */
export function groupFactSchema<const Kind extends string>({ type, members }: GroupKind<Kind>) {
  const Link = (of: string) => Type.Object({ type: Type.Literal(of), id: Type.String() });
  return Type.Object({
    data: Type.Object({
      id: Type.String(),
      type: Type.Literal(type),
      name: Type.String(),
      slug: Type.String(),
      description: Type.String(),
      status: Status,
      /** RFC 3339 in UTC, with milliseconds. */
      meta: Type.Object({ timestamps: Type.Object({ created_at: Type.String(), updated_at: Type.String() }) }),
      /** Each member is absent without links. Those of members are what the copy here has, in step or not. */
      relationships: Type.Object({
        [members.plural]: Type.Optional(Type.Object({ data: Type.Array(Link(members.type)) })),
        parent: Type.Optional(Type.Object({ data: Link(type) })),
        children: Type.Optional(Type.Object({ data: Type.Array(Link(type)) })),
      }),
    }),
  });
}
