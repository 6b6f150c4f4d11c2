import type { FastifyReply, FastifyRequest } from 'fastify';
import { microsOf } from '../api/timestamps.ts';
import type { Server } from '../http/server-type.ts';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import { written } from './check-values.ts';
import { relationOf } from './definition.ts';
import type { EntityFields } from './definitions.ts';
import type { Entities } from './entities.ts';
import { type Link, linkedIds, linksAfter, type Verb } from './links.ts';

export interface LinkRoutes {
  entities: Pick<Entities, 'find' | 'change'>;
  fields: Pick<EntityFields, 'known' | 'requireTargets'>;
  now: Clock;
  /** The error of an entity that does not exist. */
  missing(): ServiceError;
  /** Refuses a request before the entity is looked for. */
  before?(request: FastifyRequest): Promise<void>;
  /** The entity's id, from the parameters of the path. Default: the parameter `id`. */
  idOf?(params: Readonly<Record<string, string>>): string;
}

interface ByField {
  Params: { id: string; field: string } & Record<string, string>;
}

/**
 * POST, PUT and DELETE of `<path>/relationships/:field`: the links of relationship fields.
 *
 * @param path of one entity; its id is the parameter `id`
 * @param postStatus of a POST
 */
export function addFieldLinkRoutes(server: Server, path: string, postStatus: 200 | 201, routes: LinkRoutes): void {
  const url = `${path}/relationships/:field`;
  const schema = (summary: string) => ({ schema: { summary } });
  server.post<ByField>(url, schema('Add links of a field'), async (request, reply) =>
    reply.code(postStatus).send(await changeFieldLinks(request, 'POST', routes)),
  );
  server.put<ByField>(url, schema('Replace links of a field'), (request) => changeFieldLinks(request, 'PUT', routes));
  server.delete<ByField>(url, schema('Remove links of a field'), async (request, reply: FastifyReply) => {
    await changeFieldLinks(request, 'DELETE', routes);
    return reply.code(204).send();
  });
}

/** Changes the links of the field that the path of a request names. `LinkRoutes` may be made for the request. */
export async function changeFieldLinks(
  request: FastifyRequest<ByField>,
  verb: Verb,
  { entities, fields, now, ...rest }: LinkRoutes,
): Promise<{ data: Link | Link[] | null }> {
  const { missing, before, idOf = (params) => params.id ?? '' } = rest;
  const { field: slug } = request.params;
  const id = idOf(request.params);
  await before?.(request);
  if ((await entities.find(id, false)) === undefined) throw missing();
  const field = (await fields.known(request.headers)).fields.find((one) => one.slug === slug);
  const relation = field && relationOf(field);
  if (field === undefined || relation === undefined) {
    throw new ServiceError('not_found', { detail: 'The requested relationship could not be found' });
  }
  const ids = linkedIds(request.body);
  // Targets belong to others, so they are asked for before the entity is locked. Links whose target is gone are skipped by readers.
  const isChecked = verb !== 'DELETE' && ids.length > 0;
  const type = isChecked ? await fields.requireTargets(relation.to, ids, request.headers) : relation.to;
  const given = ids.map((one): Link => ({ type, id: one }));
  let data: Link | Link[] | null = null;
  const changed = await entities.change(id, microsOf(now()), request.headers, ({ values }) => {
    const links = linksAfter(verb, values[field.id], given, relation.toMany);
    data = relation.toMany ? links : (links[0] ?? null);
    // Read back, a link has its id first: it is the order in which links are shown everywhere but here.
    const kept = links.map((link) => ({ id: link.id, type: link.type }));
    const stored = new Map([[field.id, relation.toMany && kept.length > 0 ? kept : (kept[0] ?? null)]]);
    return { values: written(values, stored), given: new Map(), fields: [] };
  });
  if (changed === undefined) throw missing();
  return { data };
}
