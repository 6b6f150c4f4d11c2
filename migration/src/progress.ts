import { Listr } from 'listr2';

/** The output of a command. */
export interface Output {
  out: (text: string) => void;
  error: (text: string) => void;
  /** Whether the output is a terminal. Progress is drawn only then. */
  interactive: boolean;
}

/** A bar of `width` characters with counts, such as `████░░░░  50 %  100/200`. */
export function bar(done: number, total: number, width = 24): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  ${done}/${total}`;
}

/**
 * Runs `work` with a title, a spinner and a line of progress, or silently if the output is not a terminal. The first
 * Ctrl-C stops it after the current chunk, the second ends the process.
 */
export async function withProgress<Result>(
  title: string,
  output: Output,
  quiet: boolean,
  work: (show: (line: string) => void, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    if (quiet || !output.interactive) return await work(() => {}, stop.signal);
    return await drawn(title, (show) => work(show, stop.signal));
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function drawn<Result>(title: string, work: (show: (line: string) => void) => Promise<Result>): Promise<Result> {
  const context: { result?: Result } = {};
  const list = new Listr<typeof context>(
    [
      {
        title,
        task: async (ctx, task) => {
          ctx.result = await work((line) => {
            task.output = line;
          });
        },
      },
    ],
    { registerSignalListeners: false },
  );
  await list.run(context);
  return context.result as Result;
}
