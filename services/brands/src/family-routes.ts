import { isMembers, linkIds, listOf, microsOf, objectOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import type { Server } from '@banyan/kit/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { paths } from './contract.ts';
import { brandIdOf, requireNotAbove } from './domain.ts';
import { brandMissing } from './errors.ts';
import type { Changes, Store } from './store.ts';

interface ById {
  Params: { id: string };
}

export interface FamilyHandlers {
  store: Pick<Store, 'transaction'>;
  now: Clock;
  /** The reply that shows a brand. */
  showBrand(id: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}

/** A change of the family of the brand `id`, inside a transaction. `at` is in microseconds. */
type FamilyChange = (changes: Changes, id: string, body: unknown, at: number) => Promise<void>;

/** Routes of the tree: one parent, many children, and three paths that change them. */
export function addFamilyRoutes(server: Server, { store, now, showBrand }: FamilyHandlers): void {
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
  put(paths.children, 'Replace the children', replaceChildren);
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
    return showBrand(request.params.id, request, reply);
  }

  async function inFamily(request: FastifyRequest<ById>, change: FamilyChange): Promise<void> {
    const id = brandIdOf(request.params.id);
    const at = microsOf(now());
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.lockFamily();
      const brand = await changes.find(id);
      if (brand === undefined) throw brandMissing();
      await changes.update({ ...brand, updatedAt: at });
      await change(changes, id, request.body, at);
    });
  }
}

const adopt: FamilyChange = async (changes, id, body, at) => {
  const [parentId = null] = linkIds([objectOf(body)]);
  await setParent(changes, [id], parentId, at);
};

const replaceChildren: FamilyChange = async (changes, id, body, at) => {
  const kept = linkIds(listOf(body));
  const left = (await changes.childrenOf(id)).filter((child) => !kept.includes(child));
  await changes.setParent(left, null, null);
  await setParent(changes, kept, id, at);
};

const removeChildren: FamilyChange = async (changes, id, body, at) => {
  const named = new Set(linkIds(listOf(body)));
  const children = await changes.childrenOf(id);
  await changes.setParent(
    children.filter((child) => named.has(child)),
    null,
    at,
  );
};

/** @throws BrandsError `brand_missing`: one of the brands does not exist; `under_itself` */
async function setParent(
  changes: Changes,
  childIds: readonly string[],
  parentId: string | null,
  at: number,
): Promise<void> {
  const named = parentId === null ? childIds : [...childIds, parentId];
  const existing = await changes.existing(named);
  if (!named.every((id) => existing.has(id))) throw brandMissing();
  if (parentId !== null) requireNotAbove(await changes.lineOf(parentId), childIds);
  await changes.setParent(childIds, parentId, at);
}
