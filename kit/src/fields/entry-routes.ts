import type { FastifyRequest } from 'fastify';
import { seesLiveOnly } from '../access/rules.ts';
import { type Members, objectOf } from '../api/body.ts';
import { failedValidation, requireSameId } from '../api/faults.ts';
import { parseFilter } from '../api/filter.ts';
import { listReply, queryOf, readPage } from '../api/query.ts';
import { microsOf, timestamps } from '../api/timestamps.ts';
import type { Server } from '../http/server-type.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { checkValues, written } from './check-values.ts';
import type { Definitions } from './definition.ts';
import type { EntityFields } from './definitions.ts';
import type { Entities, Entity } from './entities.ts';
import { addFieldLinkRoutes } from './link-routes.ts';
import { withFields } from './shown.ts';

export interface EntryRoutes {
  /** Slug of the flow, such as `brands`. */
  slug: string;
  entities: Entities;
  fields: EntityFields;
  /** The platform's address as clients see it. */
  publicUrl: string;
  pageLength(request: FastifyRequest): Promise<number> | number;
  now: Clock;
}

interface ByEntry {
  Params: { id: string };
}

/** `/v2/flows/<slug>/entries`: the entries of a flow of the service's own entities are these entities. */
export function addEntryRoutes(server: Server, routes: EntryRoutes): void {
  const { slug, entities, fields, publicUrl, pageLength, now } = routes;
  const list = `/v2/flows/${slug}/entries`;
  const one = `${list}/:id`;

  const entryView = ({ id, createdAt, updatedAt, values }: Entity, definitions: Definitions) =>
    withFields(definitions.fields, values, {
      id,
      type: 'entry',
      links: { self: `${publicUrl}${list}/${encodeURIComponent(id)}` },
      meta: timestamps(createdAt, updatedAt),
    });

  server.get(list, { schema: { summary: 'List entries' } }, async (request) => {
    const definitions = await flowOf(fields, request);
    const query = queryOf(request);
    const page = await readPage(query, () => pageLength(request));
    // A filter has no effect on entries, but one that cannot be read is refused.
    if (query.filter !== undefined && query.filter.trim() !== '') parseFilter(query.filter.trim());
    const { entities: found, total } = await entities.page(seesLiveOnly(request.caller), page);
    return listReply(
      { request, publicUrl },
      page,
      total,
      found.map((entity) => entryView(entity, definitions)),
    );
  });

  server.get<ByEntry>(one, { schema: { summary: 'Read an entry' } }, async (request) => {
    const definitions = await flowOf(fields, request);
    const entity = await entities.find(request.params.id, seesLiveOnly(request.caller));
    return { data: entryView(found(entity), definitions) };
  });

  server.post(list, { schema: { summary: 'Set the values of an entity' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const definitions = await flowOf(fields, request);
    if (data.type !== 'entry') throw invalid('type', 'must be one of entry');
    if (typeof data.id !== 'string' || data.id === '') throw invalid('id', 'must be the id of the entity');
    const entity = await write(request, data.id, data, definitions);
    return reply.code(201).send({ data: entryView(entity, definitions) });
  });

  server.put<ByEntry>(one, { schema: { summary: 'Change the values of an entity' } }, async (request) => {
    const data = objectOf(request.body);
    requireSameId(request.params.id, typeof data.id === 'string' ? data.id : undefined);
    const definitions = await flowOf(fields, request);
    return { data: entryView(await write(request, request.params.id, data, definitions), definitions) };
  });

  server.delete<ByEntry>(one, { schema: { summary: 'Unset all values of an entity' } }, async (request, reply) => {
    await flowOf(fields, request);
    // The entity itself stays: its own paths delete it.
    found(
      await entities.change(request.params.id, null, request.headers, () => ({
        values: {},
        given: new Map(),
        fields: [],
      })),
    );
    return reply.code(204).send();
  });

  addFieldLinkRoutes(server, one, 201, {
    entities,
    fields: {
      known: async (caused) => existing(await fields.known(caused)),
      requireTargets: (to, ids, caused) => fields.requireTargets(to, ids, caused),
    },
    now,
    missing: entryMissing,
  });

  async function write(request: FastifyRequest, id: string, data: Members, definitions: Definitions): Promise<Entity> {
    const isNew = request.method === 'POST';
    const changed = await entities.change(id, microsOf(now()), request.headers, ({ values }) => {
      const given = checkValues(definitions.fields, data, isNew);
      return { values: written(values, given), given, fields: definitions.fields };
    });
    return found(changed);
  }
}

/** @throws ServiceError `not_found`: there is no such flow; `peer_unavailable`: it is not known whether there is one */
async function flowOf(fields: EntityFields, request: FastifyRequest): Promise<Definitions> {
  return existing(await fields.known(request.headers));
}

function existing(definitions: Definitions): Definitions {
  if (definitions.flow !== null) return definitions;
  throw new ServiceError('not_found', { detail: 'The requested flow could not be found' });
}

function found(entity: Entity | undefined): Entity {
  if (entity === undefined) throw entryMissing();
  return entity;
}

function entryMissing(): ServiceError {
  return new ServiceError('not_found', { detail: 'The requested entry could not be found' });
}

function invalid(member: string, rule: string): ServiceError {
  return failedValidation([{ detail: `The data.${member} field ${rule}.`, source: `data.${member}` }]);
}
