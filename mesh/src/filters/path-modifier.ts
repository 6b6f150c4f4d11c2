import type { HttpRouteMatch, PathModifier } from '../config/model.ts';
import { pathnameOf } from '../routing/match.ts';

/**
 * The path and query that `modifier` makes of `path`. The query stays.
 *
 * A prefix is replaced by whole path elements, and a slash at the end of either the prefix or its replacement makes no
 * difference, by the table in Gateway API's HTTPPathModifier: with the prefix `/foo`, `/foo/bar` becomes `/xyz/bar` by
 * `/xyz` and by `/xyz/`, and `/bar` by an empty replacement; `/foo` becomes `/xyz`, `/xyz/` or `/`.
 *
 * @param match the one that led here: what it says of the prefix is what is replaced. One by other means than a prefix
 * has none to replace, and the path stays; documents that ask for it are refused.
 */
export function modifyPath(path: string, modifier: PathModifier, match: Pick<HttpRouteMatch, 'path'>): string {
  const pathname = pathnameOf(path);
  const query = path.slice(pathname.length);
  if (modifier.type === 'ReplaceFullPath') return `${rooted(modifier.replaceFullPath)}${query}`;
  if (match.path.type !== 'PathPrefix') return path;
  const prefix = withoutLastSlash(match.path.value);
  // Another filter has replaced it already.
  if (!`${pathname}/`.startsWith(`${prefix}/`)) return path;
  const rest = pathname.slice(prefix.length);
  const { replacePrefixMatch: replacement } = modifier;
  // The rest begins with a slash or is nothing: the replacement keeps its own last slash only where nothing follows.
  return `${rooted(rest === '' ? replacement : withoutLastSlash(replacement) + rest)}${query}`;
}

function withoutLastSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
