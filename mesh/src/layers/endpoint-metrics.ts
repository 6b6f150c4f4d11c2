import type { Endpoint } from '../discovery/endpoint.ts';
import type { Layer } from '../layer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import { failureClass, statusClass, statusClasses } from '../telemetry/classes.ts';
import type { Durations } from '../telemetry/durations.ts';
import type { Counter } from '../telemetry/families.ts';

interface Cells {
  counters: (Counter | undefined)[];
  durations: Durations;
}

const key = Symbol('endpoint metrics');

/** Counts and times every attempt at an endpoint, before retries. */
export function endpointMetrics({ clock, meters }: Parts): Layer {
  const cellsOf = (endpoint: Endpoint): Cells =>
    endpoint.stateOf(key, () => ({ counters: [], durations: meters.attemptDurations(endpoint.service, endpoint.id) }));

  const count = (endpoint: Endpoint, result: number, tookMs: number) => {
    // The series were dropped when the endpoint left. New ones would stay permanently.
    if (endpoint.draining) return;
    const cells = cellsOf(endpoint);
    let counter = cells.counters[result];
    if (counter === undefined) {
      counter = meters.attempts(endpoint.service, endpoint.id, statusClasses[result] as string);
      cells.counters[result] = counter;
    }
    counter.value += 1;
    cells.durations.record(tookMs);
  };

  return observing(
    clock,
    {
      name: 'endpoint metrics',
      scope: 'attempt',
      sentence: 'Counts and times each attempt per service and endpoint (actual).',
      inside: [{ name: 'balance', reason: 'it counts the chosen endpoint' }],
    },
    {
      end({ endpoint }, _note, { reply, error, beganAtMs, endedAtMs }) {
        if (endpoint === null) return;
        if (error !== null) count(endpoint, failureClass(error), endedAtMs - beganAtMs);
        else if (reply !== null) count(endpoint, statusClass(reply.status), endedAtMs - beganAtMs);
      },
    },
  );
}
