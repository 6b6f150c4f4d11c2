import type { StackEvent } from '../stack/events.ts';
import { followLogs } from '../stack/logs.ts';
import type { Stack } from '../stack/stack.ts';
import { failure } from './failure.ts';
import { describe } from './lines.ts';
import { logLine } from './log-line.ts';
import { type Progress, progress } from './progress.ts';
import { summary } from './summary.ts';
import type { UpOutput, View } from './view.ts';

/** For people: progress while things come up, one table, then a line per event. */
export function terminalView(stack: Stack, { follow, verbose }: UpOutput): View {
  const line = (event: StackEvent) => {
    const text = describe(event);
    if (text !== null) console.log(text);
  };
  const isTerminal = process.stdout.isTTY === true;
  const wide = isTerminal && process.stdout.columns >= 40;
  const names = [...Object.keys(stack.processes), ...Object.keys(stack.status().stores)];
  let list: Progress | null = wide && !verbose ? progress(names) : null;
  const width = Math.max(...names.map(({ length }) => length));
  // A pipe gets the lines as they are: a program may read them.
  const print = (name: string, text: string) =>
    console.log(isTerminal ? logLine(name, text, width) : `${name} | ${text}`);
  let stopLogs = verbose ? followLogs(stack.folder, follow ?? [], print) : () => {};
  const taken: string[] = [];
  const settle = async () => {
    await list?.end(stack.status());
    list = null;
  };
  return {
    on(event) {
      if (event.event === 'port-taken') taken.push(describe(event) ?? '');
      else if (list !== null) list.on(event);
      else line(event);
    },
    async up(ms) {
      await settle();
      console.log(summary(await stack.statusWithPlaces(), ms, taken));
      if (follow !== null && !verbose) stopLogs = followLogs(stack.folder, follow, print);
    },
    async failed(causes) {
      await settle();
      console.error(failure(causes, stack.status()));
    },
    brokenOff: settle,
    end: () => stopLogs(),
  };
}
