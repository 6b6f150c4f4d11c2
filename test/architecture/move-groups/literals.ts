/** Marks an expression in a template: `⟦kind.plural⟧`. */
export const placeholder = /⟦([^⟧]*)⟧/g;

/** What may stand before a regular expression, but not before a division. */
const beforeRegExp = /(?:[(,=:[!&|?{};+\-*%<>~^\n]|\b(?:return|typeof|case|of|in))\s*$/;

/**
 * The text of every string and template of a TypeScript source, in order. Expressions of a template are placeholders, and
 * the strings inside them are texts of their own.
 */
export function literalsOf(source: string): string[] {
  const found: string[] = [];
  scan(source, 0, found, false);
  return found;
}

/** Reads code from `start`; inside a template, until the brace that closes the expression. Returns where it ended. */
function scan(source: string, start: number, found: string[], inTemplate: boolean): number {
  let at = start;
  let depth = 0;
  while (at < source.length) {
    const char = source[at];
    const pair = source.slice(at, at + 2);
    if (pair === '//') at = endOf(source, '\n', at);
    else if (pair === '/*') at = endOf(source, '*/', at) + 1;
    else if (char === '/' && beforeRegExp.test(source.slice(Math.max(0, at - 40), at))) at = afterRegExp(source, at);
    else if (char === "'" || char === '"') at = readString(source, at, found);
    else if (char === '`') at = readTemplate(source, at, found);
    else if (char === '{') depth += 1;
    else if (char === '}') {
      if (inTemplate && depth === 0) return at;
      depth -= 1;
    }
    at += 1;
  }
  return at;
}

/** Where `end` is next; the end of the source without one. */
function endOf(source: string, end: string, from: number): number {
  const at = source.indexOf(end, from);
  return at === -1 ? source.length : at;
}

function afterRegExp(source: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < source.length; at += 1) {
    const char = source[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if ((char === '/' && !inClass) || char === '\n') return at;
  }
  return source.length;
}

function readString(source: string, start: number, found: string[]): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  found.push(source.slice(start + 1, at));
  return at;
}

function readTemplate(source: string, start: number, found: string[]): number {
  let at = start + 1;
  let text = '';
  const place = found.push('') - 1;
  while (at < source.length && source[at] !== '`') {
    if (source[at] === '\\') {
      text += source.slice(at, at + 2);
      at += 2;
    } else if (source.startsWith('${', at)) {
      const end = scan(source, at + 2, found, true);
      text += `⟦${source.slice(at + 2, end).replaceAll(/[⟦⟧]/g, '')}⟧`;
      at = end + 1;
    } else {
      text += source[at];
      at += 1;
    }
  }
  found[place] = text;
  return at;
}
