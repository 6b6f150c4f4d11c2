import type { Clock } from './clock.ts';
import { visible } from './visible.ts';

/** Lines that wait for so many bytes to come together, or for so long, ms. */
const blockBytes = 64 * 1024;
const waitMsMax = 500;
/** Bytes of a UTF-16 unit in UTF-8 at most. */
const bytesPerUnitMax = 3;

/** Takes lines, and hands them on in blocks. */
export interface LineBlocks {
  write(line: string): void;
  /** Hands on what waits. */
  flush(): void;
}

/**
 * Gathers the lines of a log. A destination that looks at each line (its length in bytes, whether the block is full)
 * costs as much as a third of the layers together; the characters of a block are looked at once.
 *
 * Lines are bytes from the start: kept as strings, the parts that each was put together from would live as long as the
 * block, and be moved by the garbage collector again and again.
 */
export function lineBlocks(write: (block: string) => void, clock: Pick<Clock, 'after'>): LineBlocks {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  let bytes = 0;
  let cancelTimer: (() => void) | null = null;
  const flush = () => {
    cancelTimer?.();
    cancelTimer = null;
    if (bytes === 0) return;
    const whole = block.toString('utf8', 0, bytes);
    bytes = 0;
    write(whole);
  };
  return {
    write(line) {
      if (line.length * bytesPerUnitMax > blockBytes - bytes) {
        flush();
        if (line.length * bytesPerUnitMax > blockBytes) {
          write(line);
          return;
        }
      }
      bytes += block.write(line, bytes, 'utf8');
      cancelTimer ??= clock.after(waitMsMax, flush);
    },
    flush,
  };
}

/** For pino, which escapes C0 alone. The lines of the access log are made without what a terminal acts on. */
export function visibleLines(lines: LineBlocks): { write(line: string): void } {
  return { write: (line) => lines.write(visible(line)) };
}
