/** A bar on a terminal; nothing where there is none, because the table tells how far it is. */
export function progressBar(stream: NodeJS.WriteStream): {
  move(done: number, total: number, what: string): void;
  clear(): void;
} {
  if (!stream.isTTY) return { move: () => {}, clear: () => {} };
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
