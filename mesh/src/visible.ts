/**
 * Characters that a terminal may act on, or that change what a reader sees: Unicode's control and format characters (C0, DEL,
 * C1, bidirectional and zero-width), and its line and paragraph separators. Tab and line feed stay.
 */
const acting = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `text` for a terminal: what a terminal may act on is written as `\u001b`. JSON stays the same JSON. */
export function visible(text: string): string {
  return text.replace(acting, escaped);
}

/** JSON that can be shown on a terminal as it stands: JSON itself escapes no more than C0. */
export function visibleJson(value: unknown, indent?: number): string {
  return visible(JSON.stringify(value, null, indent) ?? String(value));
}

/** By UTF-16 unit, as JSON has it. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
