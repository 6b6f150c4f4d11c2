/**
 * A resource whose entities group those of another owner: each has a name, a slug that no other has, a status, and a place in
 * a tree.
 */
export interface GroupKind<Type extends string = string> {
  /** Singular, as in the member `type`. */
  type: Type;
  /** Plural: the resource, its paths and its table. */
  plural: string;
  /** What the groups group. Members link to groups, so links are their owner's. */
  members: { type: string; plural: string };
}

/** The resource of the copy of members' links to groups, which their owner alone writes. */
export const linksOf = ({ type }: GroupKind): string => `${type}-links`;

/** The type as the beginning of a sentence. */
export const titleOf = ({ type }: Pick<GroupKind, 'type'>): string => `${type[0]?.toUpperCase()}${type.slice(1)}`;
