import type { Cause } from '../stack/causes.ts';
import type { StackStatus } from '../stack/status.ts';
import { shown } from './shown.ts';

/** The output of a failed start: the failures, then the next step. */
export function failure(causes: readonly Cause[], status: StackStatus): string {
  const [first, ...others] = causes.map(({ name, reason }) => `${name}: ${reason}`);
  const logs = causes.flatMap(({ name }) => {
    const one = status.processes[name] ?? status.stores[name];
    // A process that never started has no log.
    return one === undefined || one.state === 'down' ? [] : [shown(one.log)];
  });
  return [
    `Banyan is not up. ${first}`,
    ...others,
    ...(logs.length === 0 ? [] : [`Look into ${logs.join(', ')}; then run npm start again.`]),
  ].join('\n');
}
