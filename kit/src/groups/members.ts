import type { IncomingHttpHeaders } from 'node:http';
import { type Asking, forwarded } from '../peers/asking.ts';
import { GroupsError } from './errors.ts';
import type { GroupKind } from './kind.ts';

/** Links from groups to members that the caller may see. */
export interface MemberLinks {
  /** By the id of the group, in the default order of members. */
  ofGroup: ReadonlyMap<string, readonly string[]>;
  /** All of them once, in the default order of members. Empty unless asked for. */
  order: readonly string[];
}

export const noLinks: MemberLinks = { ofGroup: new Map(), order: [] };

/** How many members one request asks for: as many as a page holds. */
const batch = 100;

/** What a service of groups asks of the owner of their members. If it cannot be asked, what it knows is absent. */
export class Members {
  readonly #asking: Asking;
  readonly #groups: string;
  /** The plural of the members, by which their owner is called, and by which it lists them. */
  readonly #owner: string;

  constructor(asking: Asking, kind: GroupKind) {
    this.#asking = asking;
    this.#groups = kind.plural;
    this.#owner = kind.members.plural;
  }

  /** The members of groups. Null: their owner cannot be asked. Never rejects. */
  async ofGroups(
    groupIds: readonly string[],
    { liveOnly, ordered }: { liveOnly: boolean; ordered: boolean },
    headers: IncomingHttpHeaders,
  ): Promise<MemberLinks | null> {
    if (groupIds.length === 0) return noLinks;
    const path = `/internal/links/${this.#groups}?ids=${groupIds.join(',')}&live=${liveOnly}&order=${ordered}`;
    const body = await this.#asking.internal(this.#owner, path, headers).catch(() => ({}));
    const { data, meta } = body as { data?: Record<string, unknown>[]; meta?: { order: string[] } };
    if (!Array.isArray(data)) return null;
    const ofGroup = data.map((row) => [String(row.id), row[this.#owner] as string[]] as const);
    return { ofGroup: new Map(ofGroup), order: (ordered && meta?.order) || [] };
  }

  /**
   * The members with these ids that the caller may see, in the order of the ids. Null: their owner cannot be asked.
   *
   * @throws GroupsError `bad_request`: the owner refuses the caller's headers
   */
  async byIds(ids: readonly string[], headers: IncomingHttpHeaders): Promise<{ id: string }[] | null> {
    const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, index) =>
      ids.slice(index * batch, (index + 1) * batch),
    );
    const own = forwarded(headers, decisive);
    const replies = await Promise.all(
      batches.map((some) =>
        this.#asking
          .ask(this.#owner, `/v2/${this.#owner}?page[limit]=${batch}&filter=in(id,${some.join(',')})`, own, headers)
          .catch(() => null),
      ),
    );
    const refusal = replies.find((reply) => reply?.status === 400);
    if (refusal) throw refused(refusal.body);
    const lists = replies.map((reply) => (reply?.status === 200 ? reply.body.data : null));
    if (!lists.every((list) => Array.isArray(list))) return null;
    const found = new Map((lists.flat() as { id: string }[]).map((member) => [member.id, member]));
    return ids.flatMap((id) => found.get(id) ?? []);
  }
}

/** What the caller sent that decides about the members that it sees. */
const decisive = ['authorization', 'x-moltin-currency', 'x-moltin-language', 'x-moltin-customer-token'];

function refused(body: unknown): GroupsError {
  const [fault] = (body as { errors?: { title?: string; detail?: string }[] }).errors ?? [];
  const { title = 'Bad Request', detail = 'The request was refused' } = fault ?? {};
  return new GroupsError('bad_request', { title, detail });
}
