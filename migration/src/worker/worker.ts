import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@banyan/kit/log';
import type { Backlog } from '../backlog/backlog.ts';
import { Backlogs } from '../backlog/backlogs.ts';
import { type MigrationCode, MigrationError, messageOf } from '../errors.ts';
import type { Journal, Target } from '../journal/journal.ts';
import { detach } from '../monolith/attach.ts';
import { Mover } from '../mover/mover.ts';
import type { MoverParts } from '../mover/mover-parts.ts';
import type { Resource } from '../resources/resource.ts';
import type { Place } from '../stage/place.ts';
import type { MeshAdmin } from '../switch/mesh-admin.ts';
import { ownerOf, recover, type Switched, switchOwner } from '../switch/switch.ts';
import { backfill, inSpiteOfOutages } from './backfill.ts';
import { Following } from './follow.ts';
import { type Operation, Operations, type Verb } from './operations.ts';
import { isFollowed, placeOf } from './places.ts';
import { type ResourceStatus, statusOf } from './status.ts';

export interface WorkerParts extends Omit<MoverParts, 'resource'> {
  resources: readonly Resource[];
  mesh: MeshAdmin;
  journal: Journal;
  logger: Logger;
}

/** What a verb may be told. */
export interface VerbOptions {
  /** backfill: from the first aggregate. */
  full?: boolean;
  /** switch: who owns the resource afterwards. */
  target?: Target;
}

/** What a switch ends with before it has begun. */
const notBegun: ReadonlySet<MigrationCode> = new Set(['not_ready', 'stays']);
/** How long between two heartbeats of a resource. */
const beatMs = 1_000;
/** How often stores may contradict each other before a person has to look. */
const maxContradictions = 3;

/** Moves resources: keeps followers in step, and carries out one operation at a time for each resource. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #movers: ReadonlyMap<string, Mover>;
  readonly #operations: Operations;
  readonly #following: Following;
  readonly #backlogs: Backlogs;
  #beat: NodeJS.Timeout | undefined;
  /** Whether it is known which resources move. */
  #hasStarted = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#operations = new Operations(parts.logger);
    this.#following = new Following(parts.monolith, parts.logger);
    this.#backlogs = new Backlogs(parts.monolith, parts.logger);
    this.#movers = new Map(parts.resources.map((resource) => [resource.name, new Mover({ ...parts, resource })]));
  }

  /** Goes on with what an earlier process left: followers, broken off switches, unfinished backfills. */
  async start(): Promise<void> {
    for (const { name, backfill: before } of await this.#parts.journal.attached()) {
      const mover = this.#movers.get(name);
      if (!mover) continue;
      this.#following.add(mover);
      const isUnfinished = before.begun && before.doneAt === null;
      this.#operations.begin(name, isUnfinished ? 'backfill' : 'switch', async ({ onProgress, signal }) => {
        const recovered = await this.#recover(mover, signal);
        return isUnfinished ? backfill(mover, false, { onProgress, signal }) : { recovered };
      });
    }
    this.#hasStarted = true;
    this.#beat = setInterval(() => {
      void this.#beatOnce();
      void this.#tellInStep();
    }, beatMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    await this.#operations.stop();
    await this.#following.close();
  }

  /**
   * Resolves when the followers of these resources have what their owners had committed at the call. A resource that does
   * not move has no follower.
   *
   * @throws MigrationError with the reason why they do not have it, or `not_ready` when the worker does not know yet what
   * moves: it listens before it has read its journal
   */
  async settle(names: readonly string[]): Promise<void> {
    if (!this.#hasStarted) throw new MigrationError('not_ready', 'the worker has not read its journal yet');
    await Promise.all(
      names.map(async (name) => {
        const mover = this.#mover(name);
        if (this.#following.has(name)) await mover.settle();
      }),
    );
  }

  /** @throws MigrationError `busy`, `bad_arguments` */
  begin(name: string, verb: Verb, options: VerbOptions = {}): Operation {
    const mover = this.#mover(name);
    return this.#operations.begin(name, verb, async ({ onStep, onProgress, signal }) => {
      switch (verb) {
        case 'backfill': {
          await inSpiteOfOutages(mover, signal, () => mover.attach());
          this.#following.add(mover);
          return backfill(mover, options.full === true, { onProgress, signal });
        }
        case 'parity':
          return mover.parity((done) => onProgress(done, done), signal);
        case 'repair':
          return mover.repair((done) => onProgress(done, done), signal);
        case 'switch':
          return this.#switch(mover, options.target ?? 'service', onStep, signal);
        case 'detach':
          return this.#detach(mover);
      }
    });
  }

  async status(): Promise<ResourceStatus[]> {
    const entries = await this.#parts.journal.attached();
    return Promise.all(
      [...this.#movers.values()].map((mover) =>
        statusOf(
          mover,
          entries.find(({ name }) => name === mover.resource.name) ?? null,
          this.#operations.of(mover.resource.name),
          this.#backlogs.of(mover.resource.name),
        ),
      ),
    );
  }

  /** What waits to be brought over, of the resources that are followed. */
  backlogs(): ReadonlyMap<string, Backlog> {
    return this.#backlogs.all();
  }

  /** Where every resource is. */
  async places(): Promise<Place[]> {
    const { journal, mesh } = this.#parts;
    const all = await this.status();
    return Promise.all(all.map((status) => placeOf(this.#mover(status.resource), status, journal, mesh)));
  }

  /**
   * Moves the route of a resource whose owner does not change.
   *
   * @throws MigrationError `bad_arguments`, `mesh_refused`
   */
  async route(name: string, target: Target): Promise<void> {
    const { resource } = this.#mover(name);
    const { route, service } = resource;
    if (!isFollowed(resource)) {
      throw new MigrationError('bad_arguments', `${name} does not move by its route alone: switch it`);
    }
    const { mesh } = this.#parts;
    if (route === null) return;
    for (const { rule, weights } of await mesh.weights(route)) {
      if (rule === null || weights[service] === undefined) continue;
      await mesh.shift(route, rule, target === 'service' ? service : 'monolith', `${name} to the ${target}`);
    }
  }

  #mover(name: string): Mover {
    const mover = this.#movers.get(name);
    if (mover) return mover;
    const known = [...this.#movers.keys()].join(', ');
    throw new MigrationError('bad_arguments', `there is no resource ${name}; there is: ${known}`);
  }

  async #detach(mover: Mover): Promise<void> {
    const { resource, monolith, journal } = mover.parts;
    const attached = (await journal.attached()).filter(({ name }) => name !== resource.name);
    const others = attached.flatMap(({ name }) => this.#movers.get(name)?.resource ?? []);
    await detach(monolith, resource, others);
    await this.#following.remove(resource.name);
    await journal.detach(resource.name);
  }

  /** A switch that breaks off, because a store or the mesh is away, is finished or undone as soon as that is back. */
  async #switch(mover: Mover, target: Target, onStep: (step: string) => void, signal: AbortSignal): Promise<Switched> {
    const { mesh, logger } = this.#parts;
    await recover(mover, mesh);
    try {
      return await switchOwner(mover, mesh, target, { onStep });
    } catch (error) {
      if (error instanceof MigrationError && notBegun.has(error.code)) throw error;
      logger.warn({ resource: mover.resource.name, reason: messageOf(error) }, 'the switch was broken off');
      onStep('recover');
      await this.#recover(mover, signal);
      const switched = (await ownerOf(mover)) === target;
      return { switched, reason: switched ? null : messageOf(error) };
    }
  }

  /** @throws MigrationError `not_the_owner` when the stores contradict each other */
  async #recover(mover: Mover, signal: AbortSignal): Promise<'finished' | 'undone' | null> {
    for (let contradictions = 0; ; ) {
      try {
        return await recover(mover, this.#parts.mesh);
      } catch (error) {
        // Only once may be a call of an earlier worker, which was still on its way.
        const isContradictory = error instanceof MigrationError && error.code === 'not_the_owner';
        if (isContradictory && ++contradictions === maxContradictions) throw error;
        // The stores and the mesh may start later than the worker.
        this.#parts.logger.warn({ resource: mover.resource.name, reason: messageOf(error) }, 'not recovered yet');
        await pause(beatMs, undefined, { signal });
      }
    }
  }

  /** A service that follows may read its copy for some seconds after it was told: it has all, as of this round. */
  async #tellInStep(): Promise<void> {
    for (const { name, backfill: copied } of await this.#parts.journal.attached().catch(() => [])) {
      const mover = this.#movers.get(name);
      if (!mover || !isFollowed(mover.resource) || copied.doneAt === null || !this.#following.has(name)) continue;
      try {
        await mover.settle();
        await mover.parts.service.inStep(mover.resource);
      } catch {
        // It is not told, and asks the owner again. The follower's own loop says what is wrong.
      }
    }
  }

  async #beatOnce(): Promise<void> {
    const movers = this.#following.movers();
    if (movers.length === 0) return;
    try {
      await this.#backlogs.look(movers, performance.now());
      await (await this.#parts.relay()).beat(movers.map(({ resource }) => resource));
    } catch {
      // Each follower's own round says what is wrong.
    }
  }
}
