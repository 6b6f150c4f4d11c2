import { randomUUID } from 'node:crypto';
import {
  failedValidation,
  includedMember,
  includeOf,
  listReply,
  microsOf,
  objectOf,
  parseFilter,
  queryOf,
  readPage,
  requireSameId,
} from '@banyan/kit/api';
import type { MeshClient } from '@banyan/kit/client';
import type { Clock } from '@banyan/kit/clock';
import { changeFieldLinks, checkValues, type FieldIncludes, missingHeader, type Verb } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { replyOnce } from '@banyan/kit/once';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Changes } from './changes.ts';
import { paths } from './contract.ts';
import { entities } from './entities.ts';
import { type Entry, entryView, fieldsNow, type Place } from './entry.ts';
import { flowsErrors, missing } from './errors.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';
import { existing, named, requireFlow } from './flow-routes.ts';
import { linkRoutesOf } from './links.ts';
import { targetOf } from './peer-routes.ts';
import { sendOn } from './send-on.ts';
import type { Store } from './store.ts';
import type { LinkTargets } from './targets.ts';

export interface EntryHandlers {
  store: Store;
  mesh: Pick<MeshClient, 'send'>;
  targets: LinkTargets;
  includes: Pick<FieldIncludes, 'of'>;
  publicUrl: string;
  pageLength(request: FastifyRequest): Promise<number> | number;
  now: Clock;
}

interface ByFlow {
  Params: { id: string };
}
interface ByEntry {
  Params: { id: string; entry: string };
}
interface ByField {
  Params: { id: string; entry: string; field: string };
}

type Handler<Route extends ByFlow> = (request: FastifyRequest<Route>, reply: FastifyReply, flow: Flow) => unknown;

/**
 * `/v2/flows/:id/entries`. The entries of a core flow are its entities: such a request is sent on to their owner, whichever
 * name of the flow it has.
 */
export function addEntryRoutes(server: Server, handlers: EntryHandlers): void {
  const { store, mesh, publicUrl, pageLength, now } = handlers;
  const place = async (flow: Flow): Promise<Place> => ({
    ...{ flow, publicUrl },
    fields: fieldsNow(flow, await store.fieldsOf(flow.id)),
  });
  /** The fields and the flow, which stays until the transaction ends. */
  const placeIn = async (changes: Changes, { params }: FastifyRequest<ByFlow>): Promise<Place> => {
    const flow = existing(await changes.flow(named(params.id), 'to_read'));
    return { flow, publicUrl, fields: fieldsNow(flow, await changes.fieldsOf(flow.id)) };
  };
  const here =
    <Route extends ByFlow>(handler: Handler<Route>) =>
    async (request: FastifyRequest<Route>, reply: FastifyReply) => {
      const flow = await requireFlow(store, (request as FastifyRequest<ByFlow>).params.id);
      return entities.has(flow.slug) ? sendOn(mesh, flow.slug, request, reply) : handler(request, reply, flow);
    };
  const options = (summary: string) => ({ schema: { summary }, config: { keepsText: true } as const });

  server.get<ByFlow>(
    paths.entries,
    options('List entries'),
    here<ByFlow>(async (request, reply, flow) => {
      const query = queryOf(request);
      const page = await readPage(query, () => pageLength(request));
      // A filter has no effect on entries, but one that cannot be read is refused.
      if (query.filter !== undefined && query.filter.trim() !== '') parseFilter(query.filter.trim());
      const [{ entries, total }, where] = await Promise.all([store.entries(flow.id, page), place(flow)]);
      const included = await includedBy(request, reply, where, entries);
      const views = entries.map((entry) => entryView(entry, where));
      return listReply({ request, publicUrl }, page, total, views, included);
    }),
  );

  server.get<ByEntry>(
    paths.entry,
    options('Read an entry'),
    here<ByEntry>(async (request, reply, flow) => {
      const [entry, where] = await Promise.all([store.entry(flow.id, request.params.entry), place(flow)]);
      const included = await includedBy(request, reply, where, [found(entry)]);
      return { data: entryView(found(entry), where), ...includedMember(included) };
    }),
  );

  server.post<ByFlow>(
    paths.entries,
    options('Make an entry'),
    here<ByFlow>((request, reply) => {
      const data = objectOf(request.body);
      return replyOnce<Changes>(
        { request, reply, errors: flowsErrors, now },
        { transaction: (work) => store.transaction(work), replies: ({ replies }) => replies },
        async (changes) => {
          const where = await placeIn(changes, request);
          if (data.type !== 'entry') {
            throw failedValidation([{ detail: 'The data.type field must be one of entry.', source: 'data.type' }]);
          }
          const at = microsOf(now());
          const made = { id: randomUUID(), flowId: where.flow.id, createdAt: at, updatedAt: at, values: {} };
          const given = checkValues(where.fields, data, true);
          await changes.insertEntry(made);
          const entry = await changes.setValues(made, { given, fields: where.fields, at });
          // A reply moves with the entry that it shows.
          return { body: { data: entryView(entry, where) }, owner: entry.id };
        },
      );
    }),
  );

  server.put<ByEntry>(
    paths.entry,
    options('Change an entry'),
    here<ByEntry>(async (request) => {
      const data = objectOf(request.body);
      requireSameId(request.params.entry, typeof data.id === 'string' ? data.id : undefined);
      return store.transaction(async (changes) => {
        const where = await placeIn(changes, request);
        const entry = found(await changes.entry(where.flow.id, request.params.entry));
        const given = checkValues(where.fields, data, false);
        const changed = await changes.setValues(entry, { given, fields: where.fields, at: microsOf(now()) });
        return { data: entryView(changed, where) };
      });
    }),
  );

  server.delete<ByEntry>(
    paths.entry,
    options('Delete an entry'),
    here<ByEntry>(async (request, reply) => {
      await store.transaction(async (changes) => {
        const { flow } = await placeIn(changes, request);
        await changes.deleteEntry(found(await changes.entry(flow.id, request.params.entry)).id);
      });
      return reply.code(204).send();
    }),
  );

  const links = (verb: Verb) =>
    here<ByField>(async (request, reply, flow) => {
      const { fields } = await place(flow);
      const changed = await changeFieldLinks(request, verb, linkRoutesOf(handlers, flow, fields));
      if (verb === 'DELETE') return reply.code(204).send();
      return reply.code(verb === 'POST' ? 201 : 200).send(changed);
    });
  server.post<ByField>(paths.links, options('Add links of a field'), links('POST'));
  server.put<ByField>(paths.links, options('Replace links of a field'), links('PUT'));
  server.delete<ByField>(paths.links, options('Remove links of a field'), links('DELETE'));

  async function includedBy(request: FastifyRequest, reply: FastifyReply, { fields }: Place, shown: readonly Entry[]) {
    const values = shown.map((entry) => entry.values);
    const include = includeOf(queryOf(request));
    const { included, missing: owners } = await handlers.includes.of(request, include, fields.map(withTarget), values);
    if (owners.length > 0) reply.header(missingHeader, owners.join(', '));
    return included;
  }
}

const withTarget = (field: FlowField) => ({ ...field, ...targetOf(field) });

function found(entry: Entry | undefined): Entry {
  if (entry === undefined) throw missing('entry');
  return entry;
}
