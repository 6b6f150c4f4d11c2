const maxLength = 255;

/**
 * A file name without folders and control characters, at most 255 characters; `file` if nothing is left. The name is
 * only shown: content on the disk is named by its hash.
 */
export function plainName(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const text = [...last.toWellFormed()].filter((character) => character >= ' ' && character !== '\x7f');
  const name = text.slice(0, maxLength).join('').trim();
  return /^\.*$/.test(name) ? 'file' : name;
}

/** The form of a name that filters compare: lower case, `_` for blanks. */
export function filterName(name: string): string {
  return name.toLowerCase().replaceAll(/\s/g, '_');
}

/** The last segment of a URL's path as a file name. */
export function nameInUrl(url: URL): string {
  const segment = url.pathname.split('/').at(-1) ?? '';
  try {
    return plainName(decodeURIComponent(segment));
  } catch {
    return plainName(segment);
  }
}
