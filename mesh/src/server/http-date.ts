let second = 0;
let text = '';

/** IMF-fixdate (RFC 9110 section 5.6.7) of `wallMs`. Formatted once a second. */
export function httpDate(wallMs: number): string {
  const now = Math.floor(wallMs / 1000);
  if (now !== second) {
    second = now;
    text = new Date(wallMs).toUTCString();
  }
  return text;
}
