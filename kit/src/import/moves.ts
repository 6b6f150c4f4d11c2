import { Compile } from '../../vendor/typebox.js';
import type { Clock } from '../service/clock.ts';
import { ServiceError } from '../service/errors.ts';
import type { Change, ChangesReply, DigestsReply, DigestsRequest, Outcome, OwnershipReply } from './contract.ts';
import { digestOf, rangeDigest } from './digest.ts';
import type { Ledger } from './ledger.ts';
import type { MovedResource } from './moved-resource.ts';
import { neverOwned, type Ownership, sameOwnership } from './ownership.ts';
import { type Version, versionOf } from './version.ts';

/** Records a change of aggregates inside a write. Returns its version, for the events that tell of it. */
export type Changed = (keys: string | readonly string[], change?: { deleted: boolean }) => Promise<Version>;

/** The resources of a service that move, or moved, between it and the system that owned them before. */
export interface Moves<Tx> {
  /**
   * Runs a write of the service in one transaction, if the service owns the resource.
   *
   * @throws ServiceError `misdirected` when it does not: the request belongs to the other side
   */
  write<Result>(resource: string, work: (tx: Tx, changed: Changed) => Promise<Result>): Promise<Result>;
  ownership(group: string): Promise<OwnershipReply>;
  /** Makes the store the owner of a group that was never moved to it: for a service that takes part in no migration. */
  ownAlone(group: string): Promise<void>;
  /** Compare and set. Waits for writes in flight. */
  changeOwnership(group: string, from: Ownership, to: Ownership): Promise<{ changed: boolean } & OwnershipReply>;
  /** @throws ServiceError `not_following` when the service does not follow this epoch of the owner */
  apply(resource: string, epoch: number, changes: readonly Change[]): Promise<Outcome[]>;
  changes(resource: string, limit: number): Promise<ChangesReply>;
  acknowledge(resource: string, seen: readonly { key: string; version: Version }[]): Promise<void>;
  /** Sends these aggregates once more, with new versions. */
  repeat(resource: string, keys: readonly string[]): Promise<void>;
  digests(resource: string, range: DigestsRequest): Promise<DigestsReply>;
  /** The worker says that this store has everything that the owner had committed a moment ago. */
  noteInStep(resource: string): void;
  /**
   * Whether the worker said so within the last seconds, to this process. A service that follows a resource of another
   * owner reads its copy only while this is true.
   */
  isInStep(resource: string): boolean;
}

/** The worker says it every second, to one instance at a time. */
const inStepMs = 5_000;

/** How many aggregates a digest reads at a time. */
const digestChunk = 1_000;

/**
 * Opens the moves of `resources`, whose versions and owners `ledger` keeps.
 *
 * @param now milliseconds that only go forward
 */
export function openMoves<Tx>(
  ledger: Ledger<Tx>,
  resources: readonly MovedResource<Tx>[],
  now: Clock = () => performance.now(),
): Moves<Tx> {
  const inStepUntilMs = new Map<string, number>();
  const byName = new Map(
    resources.map((resource) => [resource.name, { resource, validator: Compile(resource.schema) }]),
  );
  const known = (name: string) => {
    const found = byName.get(name);
    if (!found) throw new ServiceError('unknown_resource', { detail: `There is no resource ${name} here` });
    return found;
  };
  const ofGroup = (group: string) => {
    const found = resources.filter((resource) => resource.group === group);
    if (found.length === 0) throw new ServiceError('unknown_resource', { detail: `There is no group ${group} here` });
    return found;
  };
  const describe = async (tx: Tx, group: string, ownership: Ownership): Promise<OwnershipReply> => {
    let newest = 0;
    let displaced = 0;
    for (const resource of ofGroup(group)) {
      newest = Math.max(newest, await ledger.newest(tx, resource.name));
      displaced += await resource.displaced(tx);
    }
    return { ownership, newest, displaced };
  };

  return {
    write: async (name, work) => {
      const { resource } = known(name);
      return ledger.transaction(async (tx) => {
        const { epoch, state, wayBack } = await ledger.ownership(tx, resource.group, 'shared');
        if (state !== 'owner') throw new ServiceError('misdirected', { retryAfterS: 1 });
        return work(tx, async (keys, { deleted } = { deleted: false }) => {
          const version = versionOf(epoch, await ledger.nextCounter(tx));
          const rows = [keys].flat().map((key) => ({ key, version, deleted }));
          await ledger.record(tx, name, rows, wayBack);
          return version;
        });
      });
    },
    ownership: (group) =>
      ledger.transaction(async (tx) => describe(tx, group, await ledger.ownership(tx, group, 'none'))),
    ownAlone: async (group) => {
      ofGroup(group);
      await ledger.transaction(async (tx) => {
        if (!sameOwnership(await ledger.ownership(tx, group, 'exclusive'), neverOwned)) return;
        await ledger.setOwnership(tx, group, { epoch: 1, state: 'owner', wayBack: false });
      });
    },
    changeOwnership: async (group, from, to) => {
      ofGroup(group);
      return ledger.transaction(async (tx) => {
        const now = await ledger.ownership(tx, group, 'exclusive');
        const changed = sameOwnership(now, from);
        if (changed) await ledger.setOwnership(tx, group, to);
        return { changed, ...(await describe(tx, group, changed ? to : now)) };
      });
    },
    apply: async (name, epoch, changes) => {
      const { resource, validator } = known(name);
      const outcomes = new Map<string, Outcome>();
      const usable = changes.filter(({ key, state }) => {
        if (state === null || validator.Check(state)) return true;
        const [fault] = validator.Errors(state);
        outcomes.set(key, {
          key,
          outcome: 'refused',
          reason: `${fault?.instancePath ?? ''} ${fault?.message ?? ''}`.trim(),
        });
        return false;
      });
      return ledger.transaction(async (tx) => {
        const now = await ledger.ownership(tx, resource.group, 'shared');
        if (now.state !== 'follower' || now.epoch !== epoch) {
          throw new ServiceError('not_following', { detail: `The group is ${now.state} at epoch ${now.epoch}` });
        }
        // A heartbeat: it has come all the way to the store.
        if (usable.length === 0) return [...outcomes.values()];
        const rows = usable.map(({ key, version, state }) => ({ key, version, deleted: state === null }));
        const newer = await ledger.claim(tx, name, rows);
        await resource.apply(
          tx,
          usable.filter(({ key }) => newer.has(key)).map(({ key, state }) => ({ key, state })),
        );
        for (const { key } of usable) outcomes.set(key, { key, outcome: newer.has(key) ? 'applied' : 'older' });
        return [...outcomes.values()];
      });
    },
    changes: async (name, limit) => {
      const { resource } = known(name);
      return ledger.transaction(async (tx) => {
        const ownership = await ledger.ownership(tx, resource.group, 'none');
        // The version is read before the state. A state that changes in between travels with the older version, and once
        // more with its own.
        const most = Math.min(limit, resource.batch ?? limit);
        const rows = await ledger.pending(tx, name, most);
        // The usual reply to a follower that asks.
        if (rows.length === 0) return { ownership, changes: [], more: false };
        const states = await resource.read(
          tx,
          rows.map(({ key }) => key),
        );
        const changes = rows.map(({ key, version }) => ({ key, version, state: states.get(key) ?? null }));
        return { ownership, changes, more: rows.length === most };
      });
    },
    acknowledge: async (name, seen) => {
      known(name);
      return ledger.transaction((tx) => ledger.acknowledge(tx, name, seen));
    },
    repeat: async (name, keys) => {
      const { resource } = known(name);
      return ledger.transaction(async (tx) => {
        const { epoch, state, wayBack } = await ledger.ownership(tx, resource.group, 'shared');
        if (state !== 'owner') throw new ServiceError('misdirected', { retryAfterS: 1 });
        const states = await resource.read(tx, keys);
        const version = versionOf(epoch, await ledger.nextCounter(tx));
        await ledger.record(
          tx,
          name,
          keys.map((key) => ({ key, version, deleted: !states.has(key) })),
          wayBack,
        );
      });
    },
    noteInStep: (name) => {
      inStepUntilMs.set(known(name).resource.name, now() + inStepMs);
    },
    isInStep: (name) => (inStepUntilMs.get(name) ?? Number.NEGATIVE_INFINITY) > now(),
    digests: async (name, range) => {
      const { resource } = known(name);
      return ledger.transaction(async (tx) => {
        const all: { key: string; digest: string }[] = [];
        for await (const states of statesIn(tx, resource, range)) {
          for (const [key, state] of [...states].sort(([a], [b]) => (a < b ? -1 : 1))) {
            all.push({ key, digest: digestOf(key, state) });
          }
        }
        const digest = rangeDigest(all.map((one) => one.digest));
        return { count: all.length, digest, ...(range.members ? { members: all } : {}) };
      });
    },
  };
}

async function* statesIn<Tx>(tx: Tx, resource: MovedResource<Tx>, { keys, after, to }: DigestsRequest) {
  if (keys) {
    yield await resource.read(tx, keys);
    return;
  }
  const limit = resource.batch ?? digestChunk;
  for (let last = after; ; ) {
    const chunk = await resource.keys(tx, { after: last, to, limit });
    yield await resource.read(tx, chunk);
    if (chunk.length < limit) return;
    last = chunk.at(-1) ?? last;
  }
}
