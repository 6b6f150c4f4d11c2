import type { HttpRouteMatch, PathModifier } from '../config/model.ts';
import { pathnameOf } from '../routing/match.ts';

/**
 * The path and query after `modifier`. The query stays.
 *
 * A prefix is replaced by whole path elements, and a slash at the end of the prefix or its replacement makes no
 * difference, as in the table of Gateway API's HTTPPathModifier. With the prefix `/foo`, `/foo/bar` becomes `/xyz/bar`
 * by `/xyz` and by `/xyz/`, and `/bar` by an empty replacement; `/foo` becomes `/xyz`, `/xyz/` or `/`.
 *
 * @param match the match of the request, whose prefix is replaced. If it is not a prefix match, the path stays;
 * documents with that combination are refused.
 */
export function modifyPath(path: string, modifier: PathModifier, match: Pick<HttpRouteMatch, 'path'>): string {
  const pathname = pathnameOf(path);
  const query = path.slice(pathname.length);
  if (modifier.type === 'ReplaceFullPath') return `${rooted(modifier.replaceFullPath)}${query}`;
  if (match.path.type !== 'PathPrefix') return path;
  const prefix = withoutLastSlash(match.path.value);
  // Another filter has already replaced it.
  if (!`${pathname}/`.startsWith(`${prefix}/`)) return path;
  const rest = pathname.slice(prefix.length);
  const { replacePrefixMatch: replacement } = modifier;
  // The rest begins with a slash or is empty. The replacement keeps its trailing slash only if the rest is empty.
  return `${rooted(rest === '' ? replacement : withoutLastSlash(replacement) + rest)}${query}`;
}

function withoutLastSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
