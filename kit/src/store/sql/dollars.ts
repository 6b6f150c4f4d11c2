/** Turns each `?` of a statement into `$1`, `$2` … as PostgreSQL wants them. The text has no `?` of another meaning. */
export function dollars(text: string): string {
  let number = 0;
  return text.replaceAll('?', () => {
    number += 1;
    return `$${number}`;
  });
}
