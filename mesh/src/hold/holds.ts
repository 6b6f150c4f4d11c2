import type { Clock } from '../clock.ts';
import type { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { RouteRule } from '../routing/rule.ts';
import { RuleTraffic } from './rule-traffic.ts';

/** New requests of these rules wait. */
export interface Hold {
  /** Never used twice. */
  id: number;
  route: string;
  /** The name of a rule; null = all rules of the route. */
  rule: string | null;
  /** The hold ends by itself after this. */
  endsInMs: number;
  /** Requests that may wait; more go on. */
  maxWaiting: number;
}

/** The requests of the rules of one target, in this process. */
export interface HoldStatus {
  held: boolean;
  /** 0 without a hold. */
  endsInMs: number;
  waiting: number;
  /** Requests that went on although the rule is held, because too many were waiting. */
  passed: number;
  inFlight: number;
  /** In flight since before the last hold began. */
  inFlightBefore: number;
}

interface Active extends Hold {
  endsAtMs: number;
  waiting: number;
  passed: number;
  readonly wakers: Set<() => void>;
  cancelEnd: () => void;
}

/** The holds of this process, and the requests of each rule. A hold ends by itself, whatever becomes of its sender. */
export class Holds {
  readonly #clock: Clock;
  readonly #traffic = new Map<string, RuleTraffic>();
  readonly #byRule = new WeakMap<RouteRule, RuleTraffic>();
  #active: readonly Active[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins the holds that are new, and ends those that are not among `holds` any more. */
  adopt(holds: readonly Hold[]): void {
    const known = new Set(this.#active.map(({ id }) => id));
    for (const hold of holds) if (!known.has(hold.id)) this.#begin(hold);
    const named = new Set(holds.map(({ id }) => id));
    for (const active of this.#active) if (!named.has(active.id)) this.#end(active);
  }

  /** Whether requests of `rule` wait now. */
  holds(rule: RouteRule): boolean {
    return this.#active.length > 0 && this.#on(rule) !== undefined;
  }

  /** Resolves when `exchange` may go on; rejects when it is aborted. */
  async wait(exchange: Exchange, rule: RouteRule): Promise<void> {
    for (let hold = this.#on(rule); hold !== undefined; hold = this.#on(rule)) {
      if (hold.waiting >= hold.maxWaiting) {
        hold.passed += 1;
        return;
      }
      hold.waiting += 1;
      try {
        await ended(hold, exchange);
      } finally {
        hold.waiting -= 1;
      }
    }
  }

  trafficOf(rule: RouteRule): RuleTraffic {
    let known = this.#byRule.get(rule);
    if (known === undefined) {
      const key = keyOf(rule.route, rule.spec.name ?? null);
      known = this.#traffic.get(key) ?? new RuleTraffic();
      this.#traffic.set(key, known);
      this.#byRule.set(rule, known);
    }
    return known;
  }

  status(route: string, rule: string | null): HoldStatus {
    const active = this.#active.filter((hold) => hold.route === route && (hold.rule ?? rule) === rule);
    const traffic = this.#trafficIn(route, rule);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      held: active.length > 0,
      endsInMs: Math.max(0, ...active.map(({ endsAtMs }) => endsAtMs - this.#clock.now())),
      waiting: sum(active.map(({ waiting }) => waiting)),
      passed: sum(active.map(({ passed }) => passed)),
      inFlight: sum(traffic.map(({ inFlight }) => inFlight)),
      inFlightBefore: sum(traffic.map(({ inFlightBefore }) => inFlightBefore)),
    };
  }

  /** Resolves when nothing is in flight from before the last hold of the target, or after `limitMs`. */
  drained(route: string, rule: string | null, limitMs: number): Promise<void> {
    const traffic = this.#trafficIn(route, rule);
    return new Promise((resolve) => {
      const look = () => {
        if (traffic.some(({ inFlightBefore }) => inFlightBefore > 0)) return;
        stop();
      };
      const stop = () => {
        cancel();
        for (const end of ends) end();
        resolve();
      };
      const cancel = this.#clock.after(limitMs, stop);
      const ends = traffic.map((one) => one.onDrained(look));
      look();
    });
  }

  /** Requests in flight and waiting, by `route/rule`, for metrics. */
  list(): { key: string; inFlight: number }[] {
    return [...this.#traffic].map(([key, { inFlight }]) => ({ key, inFlight }));
  }

  close(): void {
    this.adopt([]);
  }

  #begin(hold: Hold): void {
    const active: Active = {
      ...hold,
      endsAtMs: this.#clock.now() + hold.endsInMs,
      waiting: 0,
      passed: 0,
      wakers: new Set(),
      cancelEnd: this.#clock.after(hold.endsInMs, () => this.#end(active)),
    };
    this.#active = [...this.#active, active];
    for (const traffic of this.#trafficIn(hold.route, hold.rule)) traffic.beginEpoch();
  }

  #end(active: Active): void {
    active.cancelEnd();
    this.#active = this.#active.filter((other) => other !== active);
    for (const wake of active.wakers) wake();
  }

  /** The hold on `rule` that began last. */
  #on({ route, spec }: RouteRule): Active | undefined {
    return this.#active.findLast((hold) => hold.route === route && (hold.rule === null || hold.rule === spec.name));
  }

  #trafficIn(route: string, rule: string | null): RuleTraffic[] {
    if (rule !== null) return [this.#traffic.get(keyOf(route, rule)) ?? []].flat();
    return [...this.#traffic].flatMap(([key, traffic]) =>
      key === route || key.startsWith(`${route}/`) ? [traffic] : [],
    );
  }
}

function keyOf(route: string, rule: string | null): string {
  return rule === null ? route : `${route}/${rule}`;
}

/** Resolves when `hold` has ended; rejects when `exchange` is aborted. */
function ended(hold: Active, exchange: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      exchange.offAbort(stop);
      resolve();
    };
    const stop = (error: MeshError) => {
      hold.wakers.delete(wake);
      reject(error);
    };
    hold.wakers.add(wake);
    exchange.onAbort(stop);
  });
}
