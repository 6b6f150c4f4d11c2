import type { Clock } from '../clock.ts';

/** Lines that wait for so many characters to come together, or for so long, ms. */
const blockCharsMin = 64 * 1024;
const waitMsMax = 500;

/** Takes lines, and hands them on in blocks. */
export interface LineBlocks {
  write(line: string): void;
  /** Hands on what waits. */
  flush(): void;
}

/**
 * Gathers the lines of a log. A destination that looks at each line (its length in bytes, whether the block is full)
 * costs as much as a third of the layers together; the characters of a block are looked at once.
 */
export function lineBlocks(write: (block: string) => void, clock: Pick<Clock, 'after'>): LineBlocks {
  let block = '';
  let cancelTimer: (() => void) | null = null;
  const flush = () => {
    cancelTimer?.();
    cancelTimer = null;
    const whole = block;
    block = '';
    if (whole !== '') write(whole);
  };
  return {
    write(line) {
      block += line;
      if (block.length >= blockCharsMin) flush();
      else cancelTimer ??= clock.after(waitMsMax, flush);
    },
    flush,
  };
}
