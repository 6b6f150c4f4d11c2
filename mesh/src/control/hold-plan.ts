import type { Clock } from '../clock.ts';
import type { Hold } from '../hold/holds.ts';
import type { Log } from '../log.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Journal } from './journal.ts';
import { targetsOf } from './weight-groups.ts';

export interface HoldPlanOptions {
  mesh: ControlPlane;
  clock: Clock;
  journal: Journal;
  log: Log;
  /** The list has changed. */
  onChange: () => void;
}

interface Planned extends Omit<Hold, 'endsInMs'> {
  endsAtMs: number;
  cancelEnd: () => void;
}

/** The holds that operators have asked for. They are in memory only: a hold survives no restart. */
export class HoldPlan {
  readonly #options: HoldPlanOptions;
  #planned: Planned[] = [];
  #lastId = 0;

  constructor(options: HoldPlanOptions) {
    this.#options = options;
  }

  /** What holds now, each with the time that is left. */
  list(): Hold[] {
    const nowMs = this.#options.clock.now();
    return this.#planned.map(({ cancelEnd: _cancel, endsAtMs, ...hold }) => ({
      ...hold,
      endsInMs: Math.max(0, endsAtMs - nowMs),
    }));
  }

  /**
   * Holds a rule, or all rules of a route, in place of an earlier hold of the same.
   *
   * @param rule its name; null = all rules
   * @throws ControlError unknown_route
   */
  hold(
    route: string,
    rule: string | null,
    { forMs, maxWaiting, ...by }: { forMs: number; maxWaiting: number; who: string; why: string },
  ): Hold {
    const { mesh, clock, journal } = this.#options;
    this.check(route, rule);
    const details = { route, ...(rule === null ? {} : { rule }), forMs, maxWaiting };
    journal.add({ what: 'held', ...by, details });
    this.#drop(route, rule);
    this.#lastId += 1;
    const id = this.#lastId;
    const cancelEnd = clock.after(forMs, () => {
      this.#planned = this.#planned.filter((planned) => planned.id !== id);
      this.#options.log.info({ route, rule }, 'hold has ended by itself');
      this.#options.onChange();
    });
    this.#planned.push({ id, route, rule, maxWaiting, endsAtMs: clock.now() + forMs, cancelEnd });
    this.#options.log.info({ ...details, ...by, generation: mesh.status.generation }, 'held');
    this.#options.onChange();
    return { id, route, rule, maxWaiting, endsInMs: forMs };
  }

  /**
   * Ends a hold.
   *
   * @returns false where there was none, or where it had ended by itself
   * @throws ControlError unknown_route
   */
  release(route: string, rule: string | null, by: { who: string; why: string }): boolean {
    this.check(route, rule);
    if (!this.#drop(route, rule)) return false;
    const details = { route, ...(rule === null ? {} : { rule }) };
    const { onChange, journal, log } = this.#options;
    onChange();
    log.info({ ...details, ...by }, 'released');
    try {
      journal.add({ what: 'released', ...by, details });
    } catch (err) {
      // A full disk must not keep requests waiting.
      log.error({ err }, 'the release is not in the journal');
    }
    return true;
  }

  /** @throws ControlError unknown_route where there is no such rule with a backend */
  check(route: string, rule: string | null): void {
    const found = this.#options.mesh.route(route);
    if (rule !== null) targetsOf(found, rule, []);
  }

  close(): void {
    for (const { cancelEnd } of this.#planned) cancelEnd();
    this.#planned = [];
  }

  #drop(route: string, rule: string | null): boolean {
    const dropped = this.#planned.filter((planned) => planned.route === route && planned.rule === rule);
    for (const { cancelEnd } of dropped) cancelEnd();
    this.#planned = this.#planned.filter((planned) => !dropped.includes(planned));
    return dropped.length > 0;
  }
}
