/** The most levels of arrays and objects in a body: more than any client sends, few enough for every recursion. */
export const maxDepth = 64;

/**
 * Whether JSON text nests arrays and objects deeper than `limit`. Counts only the brackets outside of strings, so the
 * text need not be valid JSON. Deeper values overflow the stack of recursive code, such as `JSON.stringify`.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  // Each level needs its own bracket.
  if (text.length <= limit) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        index = endOfString(text, index);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > limit) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
    }
  }
  return false;
}

/** The end of the string that begins at `start`; the end of the text if the string is not closed. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
