import { failedValidation, type Micros, timestamps } from '@banyan/kit/api';
import type { FlowChange } from './contract.ts';
import { entities, isReservedFlow } from './entities.ts';

/** A flow: a set of fields, of a core entity (its slug is `products` and so on) or of entries of its own. */
export interface Flow {
  id: string;
  slug: string;
  name: string;
  description: string;
  enabled: boolean;
  createdAt: Micros;
  updatedAt: Micros;
}

/** A new flow. @throws ServiceError `validation_failed`: the slug names an entity of the API that has no fields */
export function madeFlow(
  given: Pick<Flow, 'slug' | 'name' | 'description' | 'enabled'>,
  id: string,
  now: Micros,
): Flow {
  const { slug, name, description, enabled } = given;
  requireFreeSlug(slug);
  return { id, slug, name, description, enabled, createdAt: now, updatedAt: now };
}

/**
 * The flow with the members of a change.
 *
 * @throws ServiceError `validation_failed`: the slug may not become that
 */
export function changedFlow(before: Flow, { slug, name, description, enabled }: FlowChange, now: Micros): Flow {
  const after = {
    ...before,
    slug: slug ?? before.slug,
    name: name ?? before.name,
    description: description ?? before.description,
    enabled: enabled ?? before.enabled,
    updatedAt: now,
  };
  if (after.slug !== before.slug) {
    requireFreeSlug(after.slug);
    // The values of a core entity are beside the entity: they cannot follow the flow to another slug.
    if (entities.has(before.slug) || entities.has(after.slug)) {
      throw slugFault('The data.slug field of a core entity cannot change.');
    }
  }
  return after;
}

function requireFreeSlug(slug: string): void {
  if (isReservedFlow(slug)) throw slugFault('The data.slug field names an entity of the API.');
}

function slugFault(detail: string) {
  return failedValidation([{ detail, source: 'data.slug' }]);
}

/** A flow in the form of the API. */
export function flowView({ id, name, slug, description, enabled, createdAt, updatedAt }: Flow, publicUrl: string) {
  return {
    type: 'flow',
    id,
    name,
    slug,
    description,
    enabled,
    links: { self: `${publicUrl}/v2/flows/${id}` },
    relationships: {},
    meta: timestamps(createdAt, updatedAt),
  };
}
