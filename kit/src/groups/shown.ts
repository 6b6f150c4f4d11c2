import type { FastifyReply, FastifyRequest } from 'fastify';
import { seesLiveOnly } from '../access/rules.ts';
import { type Included, includeOf, queryOf } from '../api/query.ts';
import type { EntityFields } from '../fields/definitions.ts';
import { type FieldIncludes, joinedIncludes, missingHeader } from '../fields/includes.ts';
import type { Group } from './group.ts';
import type { GroupKind } from './kind.ts';
import { type MemberLinks, type Members, noLinks } from './members.ts';
import type { GroupStore } from './store.ts';
import { groupView } from './view.ts';

export interface Showing {
  kind: GroupKind;
  store: Pick<GroupStore, 'linksOf' | 'childrenOf' | 'visible'>;
  /** Asked of their owner. */
  members: Members;
  /** Fields that an operator added to the kind. */
  fields: EntityFields;
  /** What links of such fields lead to. */
  includes: FieldIncludes;
}

/** Groups in the form of the API, with what the request wants included. The reply names what is missing. */
export class Shown {
  readonly #of: Showing;

  constructor(of: Showing) {
    this.#of = of;
  }

  /** From the copy here, while it is in step; otherwise their owner is asked. `order` is empty unless members are included. */
  async links(ids: readonly string[], request: FastifyRequest): Promise<MemberLinks | null> {
    const { kind, store, members } = this.#of;
    const ordered = includeOf(queryOf(request)).has(kind.members.plural);
    const liveOnly = seesLiveOnly(request.caller);
    const kept = await store.linksOf(ids, liveOnly);
    if (kept !== null) return ordered ? kept : { ...kept, order: [] };
    return members.ofGroups(ids, { liveOnly, ordered }, request.headers);
  }

  async views(
    groups: readonly Group[],
    asked: Promise<MemberLinks | null>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ data: object[]; included: Included }> {
    const { kind, store, members: owner, fields, includes } = this.#of;
    const { plural } = kind.members;
    const liveOnly = seesLiveOnly(request.caller);
    const ids = groups.map(({ id }) => id);
    const parentIds = groups.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
    const [links, children, parents, all] = await Promise.all([
      asked,
      store.childrenOf(ids, liveOnly),
      store.visible(parentIds, liveOnly),
      fields.shown(request.headers),
    ]);
    const { ofGroup, order } = links ?? noLinks;
    const wanted = includeOf(queryOf(request));
    const values = groups.map((group) => group.values);
    const [own, linked] = await Promise.all([
      order.length === 0 ? [] : owner.byIds(order, request.headers),
      includes.of(request, wanted, all?.fields ?? [], values),
    ]);
    const isWhole = links !== null && own !== null;
    const missing = [...(isWhole ? [] : [plural]), ...(all === null ? ['flows'] : []), ...linked.missing];
    if (missing.length > 0) reply.header(missingHeader, [...new Set(missing)].join(', '));
    const related = { members: ofGroup, children, parents, fields: all?.fields ?? [] };
    return {
      data: groups.map((group) => groupView(kind, group, related)),
      included: joinedIncludes({ [plural]: own ?? [] }, linked.included),
    };
  }
}
