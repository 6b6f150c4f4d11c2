/**
 * A bar on a terminal; elsewhere (a log, CI) a line for each tenth of the way.
 */
export function progressBar(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): {
  /** `done` of `total` steps; `what` is going on now. */
  move(done: number, total: number, what: string): void;
  clear(): void;
} {
  let told = -1;
  if (!stream.isTTY) {
    return {
      move(done, total, what) {
        const tenth = Math.floor((done / total) * 10);
        if (tenth <= told) return;
        told = tenth;
        stream.write(`load: ${tenth * 10} % ${what}\n`);
      },
      clear: () => {},
    };
  }
  const width = 24;
  return {
    move(done, total, what) {
      const full = Math.round((done / total) * width);
      stream.write(
        `\r\x1b[K[${'█'.repeat(full)}${'░'.repeat(width - full)}] ${Math.round((done / total) * 100)} % ${what}`,
      );
    },
    clear: () => void stream.write('\r\x1b[K'),
  };
}
