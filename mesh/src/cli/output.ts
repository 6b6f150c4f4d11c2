import { visible } from '../visible.ts';

/** Where a command writes: stdout for its result, so that it can be piped, stderr for what goes wrong. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** Shows control characters as text: others have sent some of what is printed (a reason in the journal, a path). */
export const terminal: Output = {
  out: (text) => process.stdout.write(`${visible(text)}\n`),
  err: (text) => process.stderr.write(`${visible(text)}\n`),
};

/** Rows as columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  '))
    .join('\n');
}

/** Ends the process quietly once the reader of `stream` has gone, as in `mesh tap | head`. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
