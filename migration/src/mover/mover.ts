import { maxChanges } from '@banyan/kit/import';
import { type MigrationCode, MigrationError, messageOf } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import { attach } from '../monolith/attach.ts';
import { changeOwnership, readOwnership } from '../monolith/fence.ts';
import { parity } from '../parity/parity.ts';
import type { ParityReport } from '../parity/parity-report.ts';
import type { Relay } from '../relay/relay.ts';
import { Rounds } from '../relay/rounds.ts';
import type { Resource } from '../resources/resource.ts';
import { bringBack } from '../reverse/reverse.ts';
import { Lags } from './lag.ts';
import type { MoverParts } from './mover-parts.ts';
import { Touched } from './touched.ts';
import { refuseOlderStores } from './went-back.ts';

/** What a round in the wrong direction ends with. */
const directionErrors: ReadonlySet<MigrationCode> = new Set(['not_the_owner', 'not_following']);
/** How often it is checked that no store was restored from a backup. */
const olderStoresMs = 2_000;

/** Keeps one resource's follower in step with its owner, whichever side that is. */
export class Mover {
  readonly parts: MoverParts;
  readonly lags = new Lags();
  /** What changed since the last comparison of both sides. */
  readonly touched = new Touched();
  readonly #rounds = new Rounds(() => this.#round());
  /** Which side the last round found to follow. Each direction is refused by the stores where it is not right any more. */
  #follower: Target | null = null;
  #checkStoresAtMs = 0;
  #checkedRelay: Relay | null = null;
  /** What the last round failed with. */
  failure: string | null = null;
  /** How many changes were brought over. */
  brought = 0;
  /** When the last round that succeeded began, in monotonic ms: the follower has what its owner had then. */
  inStepAtMs = performance.now();

  constructor(parts: MoverParts) {
    this.parts = parts;
  }

  get resource(): Resource {
    return this.parts.resource;
  }

  /**
   * Resolves when the follower has every change that the owner had committed at the call.
   *
   * @throws MigrationError with the reason why it does not have them
   */
  settle(): Promise<void> {
    return this.#rounds.next();
  }

  async #round(): Promise<void> {
    const beganMs = performance.now();
    try {
      await this.#refuseOlderStores();
      await this.#bringOver().catch((error: unknown) => {
        // The owner has changed since it was read: the other direction is right now.
        if (!(error instanceof MigrationError) || !directionErrors.has(error.code)) throw error;
        this.#follower = null;
        return this.#bringOver();
      });
      this.failure = null;
      this.inStepAtMs = beganMs;
    } catch (error) {
      this.failure = messageOf(error);
      this.#follower = null;
      throw error;
    }
  }

  async #bringOver(): Promise<void> {
    const { monolith, resource, service, publicUrl } = this.parts;
    this.#follower ??= await this.#readFollower();
    if (this.#follower === 'service') return this.#sendNotes();
    await bringBack(monolith, service, resource, publicUrl, (keys) => {
      this.touched.add(keys);
      this.brought += keys.length;
    });
  }

  async #readFollower(): Promise<Target> {
    const { monolith, resource } = this.parts;
    const ownership = await readOwnership(monolith, resource.group);
    if (ownership === null) throw new MigrationError('not_attached', `${resource.name} is not attached`);
    return ownership.state === 'follower' ? 'monolith' : 'service';
  }

  /** Once in a while, and after a failure or a lost connection: a restore ends the connections to a store. */
  async #refuseOlderStores(): Promise<void> {
    const relay = await this.parts.relay();
    const isDue = this.failure !== null || relay !== this.#checkedRelay || performance.now() >= this.#checkStoresAtMs;
    if (!isDue) return;
    this.#checkedRelay = relay;
    await refuseOlderStores(this.parts);
    this.#checkStoresAtMs = performance.now() + olderStoresMs;
  }

  async #sendNotes(): Promise<void> {
    const relay = await this.parts.relay();
    for (;;) {
      const { keys, more, lagMs, parked } = await relay.pass(this.resource);
      this.touched.add(keys);
      this.brought += keys.length;
      if (lagMs !== null) this.lags.add(lagMs);
      if (parked) throw new MigrationError('parked', `the service refuses ${parked.key}: ${parked.reason}`);
      if (!more) return;
    }
  }

  /** How many changes of a side wait to be brought over. */
  async open(side: Target): Promise<number> {
    const { resource, monolith, service } = this.parts;
    if (side === 'service') return (await service.changes(resource)).changes.length;
    const { rows } = await monolith.query<{ count: number }>(
      'select count(*)::int as count from migration.notes where resource = $1',
      [resource.name],
    );
    return rows[0]?.count ?? 0;
  }

  /** Begins to capture the resource, and makes the service follow the monolith. May be repeated. */
  async attach(): Promise<void> {
    const { resource, monolith, service, journal } = this.parts;
    const { ownership } = await service.ownership(resource);
    await attach(monolith, resource, ownership.epoch + 1);
    const mine = await readOwnership(monolith, resource.group);
    if (mine?.state === 'owner' && ownership.state === 'follower') {
      // Epochs only rise: an older one would send what the service takes for older than what it has.
      if (ownership.epoch < mine.epoch) {
        await service.changeOwnership(resource, ownership, { ...mine, state: 'follower', wayBack: false });
      } else if (ownership.epoch > mine.epoch) {
        await changeOwnership(monolith, resource.group, mine, { state: 'owner', epoch: ownership.epoch });
      }
    }
    await journal.attach(resource.name);
  }

  /**
   * Begins an epoch of the monolith, so that whatever it sends from now on is newer than all that the service has: also
   * after the monolith was restored from a backup, which took its counter back.
   */
  async renewEpoch(): Promise<void> {
    const { resource, monolith, service } = this.parts;
    const mine = await readOwnership(monolith, resource.group);
    const { ownership } = await service.ownership(resource);
    if (mine?.state !== 'owner' || ownership.state !== 'follower') {
      throw new MigrationError('not_the_owner', `the monolith does not own ${resource.name}: switch it back first`);
    }
    const epoch = Math.max(mine.epoch, ownership.epoch) + 1;
    await service.changeOwnership(resource, ownership, { ...ownership, epoch });
    await changeOwnership(monolith, resource.group, mine, { state: 'owner', epoch });
  }

  /** Compares both sides and writes the result down. */
  async parity(onProgress?: (done: number) => void, signal?: AbortSignal): Promise<ParityReport> {
    return (await this.#compare(onProgress, signal)).report;
  }

  /** Has the owner send once more what differs, and compares again. */
  async repair(onProgress?: (done: number) => void, signal?: AbortSignal): Promise<ParityReport> {
    const { report, differing } = await this.#compare(onProgress, signal);
    if (report.clean) return report;
    await this.#resend(differing);
    await this.settle();
    return this.parity(onProgress, signal);
  }

  async #compare(onProgress?: (done: number) => void, signal?: AbortSignal) {
    const { resource, monolith, service, contents, journal, now } = this.parts;
    const ownership = await readOwnership(monolith, resource.group);
    const mark = this.touched.mark();
    const compared = await parity(resource, {
      db: monolith,
      service,
      ...(contents ? { contents } : {}),
      monolithOwns: ownership?.state !== 'follower',
      settle: () => this.settle(),
      now,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    if (compared.report.clean) this.touched.forget(mark);
    await journal.saveParity(resource.name, compared.report);
    return compared;
  }

  async #resend(keys: readonly string[]): Promise<void> {
    const { resource, monolith, service, relay } = this.parts;
    const ownership = await readOwnership(monolith, resource.group);
    for (let from = 0; from < keys.length; from += maxChanges) {
      const some = keys.slice(from, from + maxChanges);
      if (ownership?.state === 'follower') await service.repeat(resource, some);
      else await (await relay()).note(resource, some);
    }
  }
}
