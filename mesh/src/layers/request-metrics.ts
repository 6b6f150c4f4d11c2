import type { Service } from '../discovery/service.ts';
import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import { observing } from '../observing.ts';
import type { Parts } from '../parts.ts';
import type { RouteRule } from '../routing/rule.ts';
import { failureClass, methodClass, methodClasses, statusClass, statusClasses } from '../telemetry/classes.ts';
import type { Durations } from '../telemetry/durations.ts';
import type { Counter } from '../telemetry/families.ts';

/** The series of one entrance, route and service: looked up by object, so that the hot path builds no label. */
interface Cells {
  labels: [entrance: string, route: string, service: string];
  counters: (Counter | undefined)[];
  durations: Durations;
}

/** Counts and times requests as callers see them, after retries. */
export function requestMetrics({ clock, meters }: Parts): Layer {
  const byRule = new WeakMap<RouteRule, Map<string, Cells>>();
  const unrouted = new Map<string, Cells>();

  const cellsOf = ({ facts, route, backend }: Exchange): Cells => {
    const entrance = facts.entrance.name;
    const service: Service | null = backend?.service ?? null;
    let known = unrouted;
    if (route !== null) {
      known = byRule.get(route.rule) ?? new Map();
      byRule.set(route.rule, known);
    }
    const key = service === null ? entrance : `${entrance} ${service.name}`;
    let cells = known.get(key);
    if (cells === undefined) {
      const labels: Cells['labels'] = [entrance, route?.rule.route ?? 'none', service?.name ?? 'none'];
      cells = { labels, counters: [], durations: meters.requestDurations(...labels) };
      known.set(key, cells);
    }
    return cells;
  };

  const count = (exchange: Exchange, status: number, endedAtMs: number) => {
    const { facts } = exchange;
    const cells = cellsOf(exchange);
    const method = methodClass(exchange.method);
    // A head with status 200 counts as nothing if the body then broke off.
    const { failure } = facts;
    const result = failure === null || status >= 400 ? statusClass(status) : failureClass(failure);
    const at = method * statusClasses.length + result;
    let counter = cells.counters[at];
    if (counter === undefined) {
      counter = meters.requests(...cells.labels, methodClasses[method] as string, statusClasses[result] as string);
      cells.counters[at] = counter;
    }
    counter.value += 1;
    cells.durations.record(endedAtMs - facts.startedAtMs);
    // A failure is rare enough to be looked up by its labels.
    if (failure !== null) meters.failures(...cells.labels, failure.code, failure.row.flag).value += 1;
  };

  const { active } = meters;
  return observing(
    clock,
    {
      name: 'request metrics',
      scope: 'request',
      sentence: 'Counts and times requests per route and service as callers see them (effective).',
      inside: [],
    },
    {
      begin({ facts }) {
        const { name } = facts.entrance;
        active.set(name, (active.get(name) ?? 0) + 1);
      },
      end(exchange, _note, { reply, endedAtMs }) {
        const { name } = exchange.facts.entrance;
        active.set(name, (active.get(name) ?? 1) - 1);
        if (reply !== null) count(exchange, reply.status, endedAtMs);
      },
    },
  );
}
