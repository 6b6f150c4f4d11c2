import { MigrationError } from '../errors.ts';
import type { Owned, Side } from './sides.ts';

/**
 * The changes of ownership in a switch. `old` owns the group at some epoch, `next` follows at the same one. Every change
 * is a compare and set, so a switch that another process has finished or undone meanwhile fails instead of going on.
 */
export interface Handover {
  old: Side;
  next: Side;
}

/** Step 4: nothing is written on the old side any more. Waits for transactions that do. */
export async function fence({ old }: Handover, epoch: number): Promise<void> {
  await old.set({ epoch, state: 'owner' }, { epoch, state: 'fenced' });
}

/** Step 8, the commit point: the first change makes the new side the owner, the second tells the old side. */
export async function handOver({ old, next }: Handover, epoch: number): Promise<void> {
  await next.set({ epoch, state: 'follower' }, { epoch: epoch + 1, state: 'owner' });
  await follow({ old, next }, epoch);
}

export async function follow({ old }: Handover, epoch: number): Promise<void> {
  await old.set({ epoch, state: 'fenced' }, { epoch: epoch + 1, state: 'follower' });
}

/**
 * Undoes a fence before the commit point, also one that may not have been set. The epoch is burned on both sides, on the
 * new one first: a controller that stopped and wakes up later cannot hand over any more, and a request for the fence that
 * arrives late sets none.
 */
export async function reopen({ old, next }: Handover, epoch: number): Promise<void> {
  const now = await next.read();
  if (now.state === 'follower' && now.epoch === epoch) await next.set(now, { epoch: epoch + 2, state: 'follower' });
  const burned = await next.read();
  if (burned.state !== 'follower' || burned.epoch !== epoch + 2) {
    throw new MigrationError(
      'not_the_owner',
      `the ${next.name} is ${burned.state} at epoch ${burned.epoch}: not undone`,
    );
  }
  const was = await old.read();
  await old.set({ epoch, state: was.state === 'owner' ? 'owner' : 'fenced' }, { epoch: epoch + 2, state: 'owner' });
}

/** The follower is at a newer epoch than its owner: something that renews the epoch on both sides was broken off. */
export async function catchUp({ old }: Handover, { from, to }: { from: number; to: number }): Promise<void> {
  await old.set({ epoch: from, state: 'owner' }, { epoch: to, state: 'owner' });
}

/** What two stores say together. */
export type Standing =
  /** One owns, the other follows it. */
  | { kind: 'steady'; owner: Side; follower: Side; epoch: number }
  /** The old side is fenced, the new one does not own yet: undo. */
  | { kind: 'fenced'; handover: Handover; epoch: number }
  /** The new side owns, the old one was not told: finish. */
  | { kind: 'handed over'; handover: Handover; epoch: number }
  /** One owns, the other follows it at an epoch to come: finish. */
  | { kind: 'renewing'; handover: Handover; epochs: { from: number; to: number } }
  | { kind: 'contradictory'; monolith: Owned; service: Owned };

/** Reads what is in force. A process that finds a switch broken off goes on from here, not from what was intended. */
export async function standing(monolith: Side, service: Side): Promise<Standing> {
  const [mine, theirs] = [await monolith.read(), await service.read()];
  const pairs = [
    { a: monolith, b: service, ofA: mine, ofB: theirs },
    { a: service, b: monolith, ofA: theirs, ofB: mine },
  ];
  for (const { a, b, ofA, ofB } of pairs) {
    if (ofA.state === 'owner' && ofB.state === 'follower' && ofA.epoch === ofB.epoch) {
      return { kind: 'steady', owner: a, follower: b, epoch: ofA.epoch };
    }
    if (ofA.state === 'owner' && ofB.state === 'follower' && ofA.epoch < ofB.epoch) {
      return { kind: 'renewing', handover: { old: a, next: b }, epochs: { from: ofA.epoch, to: ofB.epoch } };
    }
    if (ofA.state === 'fenced' && ofB.state === 'owner' && ofB.epoch === ofA.epoch + 1) {
      return { kind: 'handed over', handover: { old: a, next: b }, epoch: ofA.epoch };
    }
    if (
      ofA.state === 'fenced' &&
      ofB.state === 'follower' &&
      (ofB.epoch === ofA.epoch || ofB.epoch === ofA.epoch + 2)
    ) {
      return { kind: 'fenced', handover: { old: a, next: b }, epoch: ofA.epoch };
    }
  }
  return { kind: 'contradictory', monolith: mine, service: theirs };
}
