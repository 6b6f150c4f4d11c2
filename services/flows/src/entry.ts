import { timestamps } from '@banyan/kit/api';
import { type Entity, withFields } from '@banyan/kit/fields';
import { entities } from './entities.ts';
import type { FlowField } from './field.ts';
import type { Flow } from './flow.ts';

/** An entry of a flow that a merchant defined. */
export interface Entry extends Entity {
  flowId: string;
}

/**
 * The fields that the entries of a flow have now. A disabled flow shows its entries without fields if they are core
 * entities.
 *
 * @param all fields of the flow, in their order
 */
export function fieldsNow({ slug, enabled }: Flow, all: readonly FlowField[]): FlowField[] {
  if (entities.has(slug) && !enabled) return [];
  return all.filter((field) => field.enabled);
}

/** An entry in the form of the API. */
export function entryView({ id, createdAt, updatedAt, values }: Entry, place: Place) {
  const { flow, fields, publicUrl } = place;
  return withFields(fields, values, {
    id,
    type: 'entry',
    links: { self: `${publicUrl}/v2/flows/${flow.slug}/entries/${encodeURIComponent(id)}` },
    meta: timestamps(createdAt, updatedAt),
  });
}

/** Where entries are. */
export interface Place {
  flow: Flow;
  /** Those that the entries have now. */
  fields: readonly FlowField[];
  /** The platform's address as clients see it. */
  publicUrl: string;
}
