import type { FastifyReply, FastifyRequest } from 'fastify';
import { seesLiveOnly } from '../access/rules.ts';
import { type Members, objectOf } from '../api/body.ts';
import { failedValidation, requireSameId } from '../api/faults.ts';
import { parseFilter } from '../api/filter.ts';
import { includedMember, includeOf, listReply, queryOf, readPage } from '../api/query.ts';
import { microsOf, timestamps } from '../api/timestamps.ts';
import type { Server } from '../http/server-type.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { checkValues, written } from './check-values.ts';
import type { Definitions } from './definition.ts';
import type { EntityFields } from './definitions.ts';
import type { Entities, Entity, ValuesChange } from './entities.ts';
import { type FieldIncludes, missingHeader } from './includes.ts';
import { addFieldLinkRoutes } from './link-routes.ts';
import { withFields } from './shown.ts';

export interface EntryRoutes {
  /** Slug of the flow, such as `brands`. */
  slug: string;
  entities: Entities;
  fields: EntityFields;
  includes: Pick<FieldIncludes, 'of'>;
  /** The entities are not public: their entries need a token that administers the store. */
  administratorsOnly?: true;
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
  const { slug, entities, fields, includes, administratorsOnly = false, publicUrl, pageLength, now } = routes;
  const list = `/v2/flows/${slug}/entries`;
  const one = `${list}/:id`;

  const entryView = ({ id, createdAt, updatedAt, values }: Entity, definitions: Definitions) =>
    withFields(definitions.fields, values, {
      id,
      type: 'entry',
      links: { self: `${publicUrl}${list}/${encodeURIComponent(id)}` },
      meta: timestamps(createdAt, updatedAt),
    });

  server.get(list, { schema: { summary: 'List entries' } }, async (request, reply) => {
    const definitions = await placeOf(request);
    const query = queryOf(request);
    const page = await readPage(query, () => pageLength(request));
    // A filter has no effect on entries, but one that cannot be read is refused.
    if (query.filter !== undefined && query.filter.trim() !== '') parseFilter(query.filter.trim());
    const { entities: found, total } = await entities.page(seesLiveOnly(request.caller), page);
    const included = await includedBy(request, reply, definitions, found);
    const views = found.map((entity) => entryView(entity, definitions));
    return listReply({ request, publicUrl }, page, total, views, included);
  });

  server.get<ByEntry>(one, { schema: { summary: 'Read an entry' } }, async (request, reply) => {
    const definitions = await placeOf(request);
    const entity = found(await entities.find(request.params.id, seesLiveOnly(request.caller)));
    const included = await includedBy(request, reply, definitions, [entity]);
    return { data: entryView(entity, definitions), ...includedMember(included) };
  });

  server.post(list, { schema: { summary: 'Set the values of an entity' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const definitions = await placeOf(request);
    if (data.type !== 'entry') throw invalid('type', 'must be one of entry');
    if (typeof data.id !== 'string' || data.id === '') throw invalid('id', 'must be the id of the entity');
    const at = microsOf(now());
    const work = writing(data, definitions, true);
    const shown = (entity: Entity | undefined) => ({ data: entryView(found(entity), definitions) });
    if (entities.changeOnce) return entities.changeOnce({ request, reply }, data.id, at, work, shown);
    return reply.code(201).send(shown(await entities.change(data.id, at, request.headers, work)));
  });

  server.put<ByEntry>(one, { schema: { summary: 'Change the values of an entity' } }, async (request) => {
    const data = objectOf(request.body);
    requireSameId(request.params.id, typeof data.id === 'string' ? data.id : undefined);
    const definitions = await placeOf(request);
    const work = writing(data, definitions, false);
    const changed = await entities.change(request.params.id, microsOf(now()), request.headers, work);
    return { data: entryView(found(changed), definitions) };
  });

  server.delete<ByEntry>(one, { schema: { summary: 'Unset all values of an entity' } }, async (request, reply) => {
    await placeOf(request);
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
    before: async (request) => void (await placeOf(request)),
    fields: {
      known: async (caused) => existing(await fields.known(caused)),
      requireTargets: (to, ids, caused) => fields.requireTargets(to, ids, caused),
    },
    now,
    missing: entryMissing,
  });

  /** @throws ServiceError as `flowOf`; `forbidden`: the caller may not see these entities in general */
  async function placeOf(request: FastifyRequest): Promise<Definitions> {
    const definitions = await flowOf(fields, request);
    requireAdministrator(request);
    return definitions;
  }

  function requireAdministrator({ caller }: FastifyRequest): void {
    const isNarrowed = caller.kind === 'implicit' || caller.subject !== undefined;
    if (!administratorsOnly || !isNarrowed) return;
    throw new ServiceError('forbidden', { detail: 'These entries need client credentials' });
  }

  async function includedBy(
    request: FastifyRequest,
    reply: FastifyReply,
    { fields: all }: Definitions,
    found: readonly Entity[],
  ) {
    const values = found.map((entity) => entity.values);
    const { included, missing } = await includes.of(request, includeOf(queryOf(request)), all, values);
    if (missing.length > 0) reply.header(missingHeader, missing.join(', '));
    return included;
  }
}

/** What a write does to the values of an entity. */
function writing(data: Members, { fields }: Definitions, isNew: boolean) {
  return ({ values }: Entity): ValuesChange => {
    const given = checkValues(fields, data, isNew);
    return { values: written(values, given), given, fields };
  };
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
