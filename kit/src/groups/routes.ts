import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate } from '../access/authenticate.ts';
import { readOnlyForShoppers, seesLiveOnly } from '../access/rules.ts';
import type { FindSubject } from '../access/subjects.ts';
import { attributesReply } from '../api/attributes.ts';
import { objectOf } from '../api/body.ts';
import { type FilterFields, readFilter } from '../api/conditions.ts';
import { requireSameId } from '../api/faults.ts';
import { includedMember, listReply, queryOf, readPage } from '../api/query.ts';
import { readSort } from '../api/sort.ts';
import { microsOf } from '../api/timestamps.ts';
import { checker } from '../api/validate.ts';
import { checkValues, written } from '../fields/check-values.ts';
import { addEntryRoutes } from '../fields/entry-routes.ts';
import { missingHeader } from '../fields/includes.ts';
import { addFieldLinkRoutes } from '../fields/link-routes.ts';
import { attributesWithFields } from '../fields/shown.ts';
import type { Server } from '../http/server.ts';
import type { RequireCurrency } from '../peers/enabled-currency.ts';
import { guardApi } from '../peers/guard.ts';
import type { PageLength } from '../peers/page-length.ts';
import type { Clock } from '../service/clock.ts';
import { causeOf } from '../store/facts.ts';
import { groupChangeSchema, groupPaths, newGroupSchema } from './contract.ts';
import { entitiesOf } from './entities.ts';
import { groupMissing } from './errors.ts';
import { addFamilyRoutes } from './family-routes.ts';
import { changedBy, groupIdOf, madeOf } from './group.ts';
import { type Showing, Shown } from './shown.ts';
import { type GroupStore, sortFields } from './store.ts';
import { treeOf } from './view.ts';

export interface GroupHandlers extends Showing {
  store: GroupStore;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Groups are the same for all, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

const filterFields: FilterFields = {
  id: { type: 'id' },
  name: { type: 'text' },
  slug: { type: 'text' },
  status: { type: 'text', ops: ['eq', 'in'] },
};

interface ById {
  Params: { id: string };
}

/** All routes of a kind of groups: HTTP to domain, and back. The flow of its fields has the slug of its plural. */
export function addGroupRoutes(server: Server, handlers: GroupHandlers): void {
  const { kind, store, fields, includes, publicUrl, now } = handlers;
  const { type, plural } = kind;
  const paths = groupPaths(kind);
  const NewGroup = newGroupSchema(type);
  const newGroup = checker(NewGroup);
  const groupChange = checker(groupChangeSchema(type));
  const shown = new Shown(handlers);
  const pageLength = ({ headers }: FastifyRequest) => handlers.pageLength(headers);
  guardApi(server, {
    ...handlers,
    rule: readOnlyForShoppers,
    requireCurrency: ({ headers }) => handlers.requireCurrency(headers),
  });

  server.get(paths.all, { schema: { summary: `List ${plural}` } }, async (request, reply) => {
    const query = queryOf(request);
    const liveOnly = seesLiveOnly(request.caller);
    const page = await readPage(query, () => pageLength(request));
    const filter = readFilter(query.filter, filterFields);
    const sort = readSort(query.sort, sortFields);
    const { groups, total } = await store.list({ liveOnly, filter, sort, page });
    const links = shown.links(
      groups.map(({ id }) => id),
      request,
    );
    const { data, included } = await shown.views(groups, links, request, reply);
    return listReply({ request, publicUrl }, page, total, data, included);
  });

  server.get(paths.tree, { schema: { summary: `The trees of ${plural}` } }, async (request) => ({
    data: treeOf(kind, await store.all(seesLiveOnly(request.caller))),
  }));

  server.get(paths.attributes, { schema: { summary: `The members of a ${type}` } }, async (request, reply) => {
    const known = await fields.shown(request.headers);
    if (known === null) reply.header(missingHeader, 'flows');
    return attributesWithFields(attributesReply(plural, NewGroup), known?.fields ?? []);
  });

  server.get<ById>(paths.one, { schema: { summary: `Read a ${type}` } }, (request, reply) =>
    showGroup(request.params.id, request, reply),
  );

  server.post(paths.all, { schema: { summary: `Make a ${type}` } }, async (request, reply) => {
    const data = objectOf(request.body);
    const group = madeOf(newGroup(data), randomUUID(), microsOf(now()));
    const { fields: all } = await fields.known(request.headers);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.insert(group);
      const given = checkValues(all, data, true);
      if (given.size > 0) await changes.setValues(group.id, written({}, given), given, all);
    });
    return reply.code(201).send(await showGroup(group.id, request, reply));
  });

  server.put<ById>(paths.one, { schema: { summary: `Change a ${type}` } }, async (request, reply) => {
    const data = objectOf(request.body);
    const change = groupChange(data);
    requireSameId(request.params.id, change.id);
    const id = groupIdOf(kind, request.params.id);
    const { fields: all } = await fields.known(request.headers);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      const group = await changes.find(id);
      if (group === undefined) throw groupMissing(kind);
      await changes.update(changedBy(group, change, microsOf(now())));
      const given = checkValues(all, data, false);
      if (given.size > 0) await changes.setValues(id, written(group.values, given), given, all);
    });
    return showGroup(id, request, reply);
  });

  server.delete<ById>(paths.one, { schema: { summary: `Delete a ${type}` } }, async (request, reply) => {
    const id = groupIdOf(kind, request.params.id);
    await store.transaction(causeOf(request.headers, now()), async (changes) => {
      await changes.lockFamily();
      if ((await changes.find(id)) === undefined) throw groupMissing(kind);
      await changes.setParent(await changes.childrenOf(id), null, null);
      await changes.delete(id);
    });
    return reply.code(204).send();
  });

  addFamilyRoutes(server, { kind, store, now, showGroup });
  const entities = entitiesOf(store, now);
  const missing = () => groupMissing(kind, 'Not Found');
  addFieldLinkRoutes(server, paths.one, 200, { entities, fields, now, missing });
  addEntryRoutes(server, { slug: plural, entities, fields, includes, publicUrl, pageLength, now });

  async function showGroup(text: string, request: FastifyRequest, reply: FastifyReply) {
    const id = groupIdOf(kind, text);
    // Asked for beside the group itself, whose id is known already.
    const links = shown.links([id], request);
    // If the group is not there, the reply does not wait for them.
    links.catch(() => {});
    const group = await store.find(id, seesLiveOnly(request.caller));
    if (group === undefined) throw groupMissing(kind);
    const { data, included } = await shown.views([group], links, request, reply);
    return { data: data[0], ...includedMember(included) };
  }
}
