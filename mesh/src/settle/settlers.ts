import type { Clock, Random } from '../clock.ts';
import type { Log } from '../log.ts';
import { askSettled } from './ask.ts';
import { roundMsMax, Settler } from './settler.ts';
import type { SettleTarget } from './target.ts';

interface Kept {
  target: SettleTarget;
  settler: Settler;
}

/** Whether what belongs to one target has settled, as far as this process knows. */
export interface SettleStatus {
  key: string;
  /** `name:port` */
  service: string;
  resources: readonly string[];
  /** False: reads go where writes go. */
  settled: boolean;
  /** Why the last round has failed; null where it has not. */
  failing: string | null;
}

export interface SettlersOptions {
  clock: Clock;
  random: Random;
  log: Log;
}

/** The settlers of this process, one for each target that the documents in force name. */
export class Settlers {
  readonly #options: SettlersOptions;
  readonly #kept = new Map<string, Kept>();
  /** Tells the other processes of this mesh that the target of this key may not have settled. Default: none. */
  tellOthers: (key: string) => Promise<void> = async () => {};

  constructor(options: SettlersOptions) {
    this.#options = options;
  }

  /** Keeps the settlers of `targets`, and only these. A new one finds out at once whether its target has settled. */
  follow(targets: readonly SettleTarget[]): void {
    const named = new Set(targets.map(({ key }) => key));
    for (const [key, { settler }] of this.#kept) {
      if (named.has(key)) continue;
      settler.stop();
      this.#kept.delete(key);
    }
    for (const target of targets) this.#keep(target);
  }

  /** The settler of `target`. */
  of(target: SettleTarget): Settler {
    // A request that began before a change may need one that is not kept any more.
    return (this.#kept.get(target.key) ?? this.#made(target)).settler;
  }

  /** Another process says that the target of this key may not have settled. */
  mark(key: string): void {
    this.#kept.get(key)?.settler.mark();
  }

  list(): SettleStatus[] {
    return [...this.#kept].map(([key, { target, settler }]) => ({
      key,
      service: target.service.id,
      resources: target.resources,
      settled: settler.settled,
      failing: settler.failing,
    }));
  }

  close(): void {
    this.follow([]);
  }

  #keep(target: SettleTarget): void {
    const known = this.#kept.get(target.key);
    if (known !== undefined) {
      // The service may be another object since.
      known.target = target;
      return;
    }
    const made = this.#made(target);
    this.#kept.set(target.key, made);
    // Those who follow a configuration give its services their endpoints right after.
    this.#options.clock.after(0, () => made.settler.probe());
  }

  #made(target: SettleTarget): Kept {
    const { clock, random, log } = this.#options;
    const settler = new Settler({
      clock,
      random,
      round: () => askSettled(kept.target.service, target.resources, { clock, random, limitMs: roundMsMax }),
      tellOthers: () => this.tellOthers(target.key),
      onTurn: (why) => {
        const about = { service: target.service.id, resources: target.resources };
        if (why === null) log.info(about, 'settling works');
        else log.warn({ ...about, why }, 'settling fails: reads go where writes go');
      },
    });
    const kept = { target, settler };
    return kept;
  }
}
