import type { Endpoint } from '../discovery/endpoint.ts';
import { asMeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import { failureClass, statusClass, statusClasses } from '../telemetry/classes.ts';
import type { Counter, Durations } from '../telemetry/metrics.ts';
import type { Parts } from './parts.ts';

interface Cells {
  counters: (Counter | undefined)[];
  durations: Durations;
}

const key = Symbol('endpoint metrics');

/** Counts and times what endpoints do: before retries, each attempt for itself. */
export function endpointMetrics({ clock, meters }: Parts): Layer {
  const cellsOf = (endpoint: Endpoint): Cells =>
    endpoint.stateOf(key, () => ({ counters: [], durations: meters.attemptDurations(endpoint.service, endpoint.id) }));

  const count = (endpoint: Endpoint, result: number, startedMs: number) => {
    // Its series have been dropped when it left, and new ones would stay for good.
    if (endpoint.draining) return;
    const cells = cellsOf(endpoint);
    let counter = cells.counters[result];
    if (counter === undefined) {
      counter = meters.attempts(endpoint.service, endpoint.id, statusClasses[result] as string);
      cells.counters[result] = counter;
    }
    counter.value += 1;
    cells.durations.record(clock.now() - startedMs);
  };

  return {
    name: 'endpoint metrics',
    scope: 'attempt',
    sentence: 'Counts and times each attempt per service and endpoint (actual).',
    inside: [{ name: 'balance', reason: 'it counts the endpoint that was chosen' }],
    wrap: (next) => async (exchange) => {
      const { endpoint } = exchange;
      if (endpoint === null) return next(exchange);
      const startedMs = clock.now();
      try {
        const reply = await next(exchange);
        reply.body.onEnd(({ error }) =>
          count(endpoint, error === null ? statusClass(reply.status) : failureClass(error), startedMs),
        );
        return reply;
      } catch (thrown) {
        count(endpoint, failureClass(asMeshError(thrown)), startedMs);
        throw thrown;
      }
    },
  };
}
