import type { Pool, PoolClient } from 'pg';
import type { WorkerParts } from '../worker/worker.ts';

/**
 * What becomes of a call. `fails`: the worker lives on. `dies`: this call and all later ones reject, so that nothing the
 * worker does has an effect any more. `before` it has an effect, or `after`, as when its reply is lost.
 */
export type Fault = `${'fails' | 'dies'} ${'before' | 'after'}`;

/** Chooses what becomes of a call. @param call such as `step fence begun`, `service fenced` or `shift writes brands` */
export type Decide = (call: string) => Fault | null;

/** The calls of a worker that change something, of which one or another comes to nothing. */
export class Fate {
  /** Null: nothing fails. */
  decide: Decide | null = null;
  /** The worker has no effect any more. */
  isDead = false;

  /** Wraps everything that a worker works with. */
  around(parts: WorkerParts): WorkerParts {
    const { mesh, service, journal, monolith, relay } = parts;
    return {
      ...parts,
      mesh: this.#wrap(mesh, {
        hold: (_route, rule) => `hold ${rule}`,
        release: (_route, rule) => `release ${rule}`,
        shift: (_route, rule, to) => `shift ${rule} ${to}`,
      }),
      service: this.#wrap(service, {
        changeOwnership: (_resource, _from, { state, epoch }) => `service ${state} ${epoch}`,
      }),
      journal: this.#wrap(journal, {
        beginSwitch: (_name, target) => `begin switch ${target}`,
        step: (_id, step, state) => `step ${step} ${state}`,
        endSwitch: (_id, outcome) => `end switch ${outcome}`,
        beginBackfill: () => 'begin backfill',
        advanceBackfill: () => 'advance backfill',
        finishBackfill: () => 'finish backfill',
        attach: () => 'attach',
      }),
      monolith: this.#wrapPool(monolith),
      relay: async () => {
        this.#mustLive();
        return relay();
      },
    };
  }

  async #call<Result>(call: string, work: () => Promise<Result>): Promise<Result> {
    this.#mustLive();
    const fault = this.decide?.(call) ?? null;
    if (fault === null) return work();
    if (fault.endsWith('after')) await work();
    if (fault.startsWith('dies')) this.isDead = true;
    // As of a connection that its server ends.
    throw Object.assign(new Error(`${call}: ${fault}`), { code: '57P01' });
  }

  #mustLive(): void {
    if (this.isDead) throw new Error('the worker is dead');
  }

  /** @param names what the calls that change something are called; the others fail only when the worker is dead */
  // biome-ignore lint/suspicious/noExplicitAny: calls of any type
  #wrap<Part extends object>(part: Part, names: { [Name in keyof Part]?: (...args: any[]) => string }): Part {
    return new Proxy(part, {
      get: (target, name: string & keyof Part) => {
        const member = target[name];
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          const work = () => member.apply(target, args);
          const call = names[name]?.(...args);
          if (call !== undefined) return this.#call(call, work);
          this.#mustLive();
          return work();
        };
      },
    });
  }

  /** A transaction that changes the owner is one call: what comes to nothing is its commit. */
  #wrapPool(pool: Pool): Pool {
    return new Proxy(pool, {
      get: (target, name: keyof Pool) => {
        if (name === 'connect') return async () => this.#wrapClient(await target.connect());
        const member = target[name];
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          this.#mustLive();
          return Reflect.apply(member, target, args);
        };
      },
    });
  }

  #wrapClient(client: PoolClient): PoolClient {
    let change: string | null = null;
    return new Proxy(client, {
      get: (target, name: keyof PoolClient) => {
        const member = target[name];
        if (typeof member !== 'function') return member;
        if (name !== 'query') return member.bind(target);
        return async (text: string, values?: unknown[]) => {
          const work = () => target.query(text, values);
          if (text === 'rollback') return work();
          this.#mustLive();
          if (text.startsWith('update migration.ownership')) change = `monolith ${values?.[4]} ${values?.[3]}`;
          return text === 'commit' && change !== null ? this.#call(change, work) : work();
        };
      },
    });
  }
}
