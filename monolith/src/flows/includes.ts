import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Shop } from '../shop.ts';
import type { Owner } from './owners.ts';
import { relationOf } from './rules.ts';
import { type FieldValues, type Link, loadValues } from './values.ts';

/** Shows entities that links of relationship fields lead to. */
interface Includable {
  /** The member of `included`. */
  plural: string;
  /**
   * Who sees these entities through a link, for services that ask their owner by themselves. Default: everyone.
   * `administrators_alone`: not with the token of a customer.
   */
  seenBy?: 'administrators' | 'administrators_alone';
  /** The entities with these ids that exist and that the client may see. `to` is the target in the field's rule. */
  views(request: FastifyRequest, ids: readonly string[], to: string): Promise<readonly unknown[]>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** By the `type` of a link. Each area registers its own entities. */
    includables: Map<string, Includable>;
  }
}

export function includables(app: FastifyInstance): void {
  app.decorate('includables', new Map());
}

/** The entities that the wanted relationship fields of a page of core entities lead to. */
export async function includedByFields(
  shop: Shop,
  request: FastifyRequest,
  owner: Owner,
  ids: readonly string[],
  include: ReadonlySet<string>,
): Promise<Record<string, unknown[]>> {
  if (include.size === 0) return {};
  return linkedEntities(request, include, await loadValues(shop.db, shop.debts, owner, ids), ids);
}

/** `include` names fields by their slug in lower case. Each entity is shown once. */
export async function linkedEntities(
  request: FastifyRequest,
  include: ReadonlySet<string>,
  values: FieldValues,
  ownerIds: readonly string[],
): Promise<Record<string, unknown[]>> {
  const wanted = new Map<string, Set<string>>();
  for (const { id, slug, validation_rules } of values.fields) {
    const to = relationOf(validation_rules)?.to;
    if (to === undefined || !include.has(slug.toLowerCase())) continue;
    const links = ownerIds.flatMap((owner) => [values.value(owner, id) ?? []].flat() as Link[]);
    const ids = wanted.get(to) ?? new Set();
    for (const link of links) ids.add(link.id);
    wanted.set(to, ids);
  }
  const included: Record<string, unknown[]> = {};
  for (const [to, ids] of wanted) {
    const known = request.server.includables;
    const includable = known.get(to) ?? known.get('entry');
    if (includable === undefined || ids.size === 0) continue;
    const name = known.has(to) ? includable.plural : to;
    included[name] = [...(await includable.views(request, [...ids], to))];
  }
  return included;
}

/** Joins the includes of an area and those of fields, which may have the same names. */
export function joined(...all: readonly Record<string, unknown[]>[]): Record<string, unknown[]> {
  const whole: Record<string, unknown[]> = {};
  const seen = new Set<string>();
  for (const [name, list] of all.flatMap((each) => Object.entries(each))) {
    const fresh = list.filter((each) => {
      const key = `${name} ${(each as { id?: string }).id}`;
      return !seen.has(key) && seen.add(key);
    });
    whole[name] = [...(whole[name] ?? []), ...fresh];
  }
  return whole;
}
