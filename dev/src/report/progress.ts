import { Listr } from 'listr2';
import type { StackEvent } from '../stack/events.ts';
import type { StackStatus } from '../stack/status.ts';
import { describe } from './lines.ts';

export interface Progress {
  on(event: StackEvent): void;
  end(status: StackStatus): Promise<void>;
}

interface Line {
  settled: PromiseWithResolvers<string | null>;
  title: (text: string) => void;
}

/** A redrawn list, one line per process, each ticked when it is ready. */
export function progress(names: readonly string[]): Progress {
  const lines = new Map<string, Line>();
  for (const name of names) lines.set(name, { settled: Promise.withResolvers(), title: () => {} });
  const list = new Listr(
    names.map((name) => ({
      title: name,
      task: async (_context: unknown, task) => {
        const line = lines.get(name);
        if (line === undefined) return;
        line.title = (text) => {
          task.title = text;
        };
        const problem = await line.settled.promise;
        if (problem !== null) task.skip(problem);
      },
    })),
    { concurrent: true, exitOnError: false, registerSignalListeners: false },
  );
  const drawn = list.run();
  return {
    on(event) {
      if (!('process' in event)) return;
      const line = lines.get(event.process);
      const text = describe(event);
      if (line === undefined || text === null) return;
      line.title(text);
      if (event.event === 'ready' || event.event === 'done' || event.event === 'restarted') line.settled.resolve(null);
      if (event.event === 'down') line.settled.resolve(text);
    },
    async end(status) {
      const all = { ...status.processes, ...status.stores };
      for (const [name, line] of lines) {
        const one = all[name];
        const good = one === undefined || one.state === 'ready' || one.state === 'done';
        line.settled.resolve(good ? null : `${name}: ${one.state}${one.reason === '' ? '' : `: ${one.reason}`}`);
      }
      await drawn;
    },
  };
}
