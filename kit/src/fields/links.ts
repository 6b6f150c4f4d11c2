import { dataOf, isMembers, type Members } from '../api/body.ts';
import { badRequest, failedValidation } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';

/** A link, as in `relationships`. */
export interface Link {
  type: string;
  id: string;
}

/** How a request changes links: POST adds, PUT replaces, DELETE removes those named, or all. */
export type Verb = 'POST' | 'PUT' | 'DELETE';

/** The most links that one field of an entity holds. */
const maxLinks = 1_000;

/**
 * The distinct ids in a body: of one link, or of a list. Some clients send a list as an object with numbered members.
 *
 * @throws ServiceError `validation_failed`: a link has no id; `bad_request`: there are too many links
 */
export function linkedIds(body: unknown): string[] {
  const data = dataOf(body);
  const list: unknown[] = Array.isArray(data) ? data : data === undefined || data === null ? [] : numbered(data);
  if (list.length > maxLinks) throw badRequest(`One request names at most ${maxLinks} links`, 'data');
  const ids = list.map((link, index) => {
    const id = isMembers(link) ? link.id : undefined;
    if (typeof id === 'string' && id !== '' && !id.includes('\0')) return isUuid(id) ? id.toLowerCase() : id;
    const source = `data.${index}.id`;
    throw failedValidation([{ detail: `The ${source} field must be an id.`, source }]);
  });
  return [...new Set(ids)];
}

function numbered(data: unknown): unknown[] {
  const members: Members = isMembers(data) ? data : {};
  const names = Object.keys(members);
  // No link at all: `{}` is how some clients send no body.
  if (names.length === 0 && isMembers(data)) return [];
  return names.length > 0 && names.every((name) => /^\d+$/.test(name)) ? Object.values(members) : [data];
}

/**
 * The links of a field after a request.
 *
 * @param stored the value that the field had
 * @param given the links in the request
 * @throws ServiceError `bad_request`: there would be more links than the field holds
 */
export function linksAfter(verb: Verb, stored: unknown, given: readonly Link[], toMany: boolean): Link[] {
  const old = stored === null || stored === undefined ? [] : ([stored].flat() as Link[]);
  const others = old.filter(({ id }) => !given.some((link) => link.id === id));
  const links =
    verb === 'DELETE' ? (given.length === 0 ? [] : others) : [...(verb === 'POST' && toMany ? others : []), ...given];
  if (!toMany && links.length > 1) throw badRequest('This relationship holds one link', 'data');
  if (links.length > maxLinks) throw badRequest(`A relationship holds at most ${maxLinks} links`, 'data');
  return links;
}
