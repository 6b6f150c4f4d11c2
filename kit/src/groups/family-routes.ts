import type { FastifyReply, FastifyRequest } from 'fastify';
import { isMembers, linkIds, listOf, objectOf } from '../api/body.ts';
import { microsOf } from '../api/timestamps.ts';
import type { Server } from '../http/server.ts';
import type { Clock } from '../service/clock.ts';
import { causeOf } from '../store/facts.ts';
import { groupPaths } from './contract.ts';
import { groupMissing } from './errors.ts';
import { groupIdOf, requireNotAbove } from './group.ts';
import type { GroupKind } from './kind.ts';
import type { Changes, GroupStore } from './store.ts';

interface ById {
  Params: { id: string };
}

export interface FamilyHandlers {
  kind: GroupKind;
  store: Pick<GroupStore, 'transaction'>;
  now: Clock;
  /** The reply that shows a group. */
  showGroup(id: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}

/** A change of the family of the group `id`, inside a transaction. `at` is in microseconds. */
type FamilyChange = (changes: Changes, id: string, body: unknown, at: number) => Promise<void>;

/** Routes of the tree: one parent, many children, and three paths that change them. */
export function addFamilyRoutes(server: Server, { kind, store, now, showGroup }: FamilyHandlers): void {
  const paths = groupPaths(kind);
  const put = (path: string, summary: string, change: FamilyChange) =>
    server.put<ById>(path, { schema: { summary } }, (request, reply) => changed(request, reply, change));
  const post = (path: string, summary: string, change: FamilyChange) =>
    server.post<ById>(path, { schema: { summary } }, (request, reply) => changed(request, reply, change));
  const withoutBody = async (request: FastifyRequest<ById>, reply: FastifyReply, change: FamilyChange) => {
    await inFamily(request, change);
    return reply.code(204).send();
  };

  server.post<ById>(paths.parent, { schema: { summary: 'Set the parent' } }, (request, reply) =>
    withoutBody(request, reply, adopt),
  );
  put(paths.parent, 'Set the parent', adopt);
  server.delete<ById>(paths.parent, { schema: { summary: 'Remove the parent' } }, (request, reply) =>
    withoutBody(request, reply, (changes, id, _body, at) => setParent(changes, [id], null, at)),
  );
  post(paths.children, 'Add children', (changes, id, body, at) => setParent(changes, linkIds(listOf(body)), id, at));
  put(paths.children, 'Replace the children', async (changes, id, body, at) => {
    const kept = linkIds(listOf(body));
    const left = (await changes.childrenOf(id)).filter((child) => !kept.includes(child));
    await changes.setParent(left, null, null);
    await setParent(changes, kept, id, at);
  });
  server.delete<ById>(paths.children, { schema: { summary: 'Remove children' } }, (request, reply) =>
    withoutBody(request, reply, removeChildren),
  );
  post(paths.family, 'Set the parent and add children', async (changes, id, body, at) => {
    const { parent, children } = objectOf(body);
    if (isMembers(parent)) await adopt(changes, id, { data: parent }, at);
    if (Array.isArray(children)) await setParent(changes, linkIds(listOf({ data: children })), id, at);
  });

  async function changed(request: FastifyRequest<ById>, reply: FastifyReply, change: FamilyChange) {
    await inFamily(request, change);
    return showGroup(request.params.id, request, reply);
  }

  async function inFamily(request: FastifyRequest<ById>, change: FamilyChange): Promise<void> {
    const id = groupIdOf(kind, request.params.id);
    const at = microsOf(now());
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.lockFamily();
      const group = await changes.find(id);
      if (group === undefined) throw groupMissing(kind);
      await changes.update({ ...group, updatedAt: at });
      await change(changes, id, request.body, at);
    });
  }

  async function adopt(changes: Changes, id: string, body: unknown, at: number): Promise<void> {
    const [parentId = null] = linkIds([objectOf(body)]);
    await setParent(changes, [id], parentId, at);
  }

  /** @throws GroupsError `group_missing`: one of the groups does not exist; `under_itself` */
  async function setParent(changes: Changes, childIds: readonly string[], parentId: string | null, at: number) {
    const named = parentId === null ? childIds : [...childIds, parentId];
    const existing = await changes.existing(named);
    if (!named.every((id) => existing.has(id))) throw groupMissing(kind);
    if (parentId !== null) requireNotAbove(kind, await changes.lineOf(parentId), childIds);
    await changes.setParent(childIds, parentId, at);
  }
}

async function removeChildren(changes: Changes, id: string, body: unknown, at: number): Promise<void> {
  const named = new Set(linkIds(listOf(body)));
  const children = await changes.childrenOf(id);
  await changes.setParent(
    children.filter((child) => named.has(child)),
    null,
    at,
  );
}
