let secondKnown = Number.NaN;
let beforeMs = '';

/**
 * Milliseconds since 1970 as ISO 8601. The text of a second is reused for all its milliseconds: this is on the hot
 * path.
 */
export function isoTime(wallMs: number): string {
  const ms = Math.floor(wallMs);
  const second = Math.floor(ms / 1000);
  if (second !== secondKnown) {
    secondKnown = second;
    beforeMs = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const rest = ms - second * 1000;
  return `${beforeMs}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
