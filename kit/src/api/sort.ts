import { badRequest } from './faults.ts';

/** The order of a list. Ties are broken by the resource's default order, in the same direction. */
export interface Sort<Field extends string> {
  field: Field;
  descending: boolean;
}

/**
 * Reads the parameter `sort`: `field` ascends, `-field` descends. Undefined without one: the default order, which is
 * (created_at in microseconds, id).
 *
 * @throws ServiceError `bad_request`: the resource cannot be sorted by the field
 */
export function readSort<Field extends string>(
  text: string | undefined,
  fields: readonly Field[],
): Sort<Field> | undefined {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return undefined;
  const descending = trimmed.startsWith('-');
  const name = descending ? trimmed.slice(1) : trimmed;
  const field = fields.find((known) => known === name);
  if (field === undefined) throw badRequest(`The field ${name} cannot be sorted by`);
  return { field, descending };
}
