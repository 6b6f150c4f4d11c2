import { MigrationError, messageOf } from '../errors.ts';
import type { OpenSwitch, Target } from '../journal/journal.ts';
import type { Mover } from '../mover/mover.ts';
import { differingKeys } from '../parity/parity.ts';
import { routeOf, wayBackOf } from '../resources/resource.ts';
import type { MeshAdmin } from './mesh-admin.ts';
import { preflight } from './preflight.ts';
import { monolithSide, type Side, serviceOwnershipSide } from './sides.ts';
import { catchUp, fence, follow, type Handover, handOver, reopen, standing } from './steps.ts';

/** How long new writes wait at most. Then the mesh lets them go to the old side, and the switch is called off. */
const holdMs = 5_000;
/** How often the last changes are brought over before the switch is called off. After the fence they only get fewer. */
const maxDrains = 20;

export interface SwitchOptions {
  onStep(step: string): void;
  signal?: AbortSignal;
}

export interface Switched {
  switched: boolean;
  /** Why it was undone. */
  reason: string | null;
}

/**
 * Changes the owner of a resource, and routes its requests to it. Each step is journaled before and after; whatever
 * fails before the commit point is undone, and after it only the way forward is left.
 *
 * @returns whether it was switched; otherwise it was undone, for the reason given
 * @throws MigrationError `stays` when the resource has no way back
 * @throws MigrationError `not_ready` when it was not begun. After any other error it may be broken off: see `recover`
 */
export async function switchOwner(
  mover: Mover,
  mesh: MeshAdmin,
  target: Target,
  { onStep }: SwitchOptions,
): Promise<Switched> {
  const { resource, journal } = mover.parts;
  wayBackOf(resource);
  const before = await standing(...sidesOf(mover));
  if (before.kind !== 'steady') throw new MigrationError('switching', `a switch of ${resource.name} was broken off`);
  if (before.owner.name === target) {
    await route(mover, mesh, target, onStep);
    return { switched: true, reason: null };
  }
  const handover: Handover = { old: before.owner, next: before.follower };
  onStep('preflight');
  await preflight(mover, target);
  const open = await journal.beginSwitch(resource.name, target);
  const take = stepsOf(mover, open, onStep);
  let isFenced = false;
  try {
    // Reads go first and come back last: the side that does not own the resource has everything, as long as it settles.
    if (target === 'service') await take('reads', () => shiftTo(mover, mesh, 'reads', target));
    await take('hold', () => mesh.hold(routeOf(resource), 'writes', holdMs));
    isFenced = true;
    await take('fence', () => fence(handover, before.epoch));
    await take('drain', () => drain(mover, handover));
    await take('compare', () => compare(mover));
  } catch (error) {
    await take('undo', async () => {
      // It may or may not have been set when it failed.
      if (isFenced) await reopen(handover, before.epoch);
      await mesh.release(routeOf(resource), 'writes');
      if (target === 'service') await shiftTo(mover, mesh, 'reads', 'monolith');
    });
    await journal.endSwitch(open.id, 'undone', messageOf(error));
    return { switched: false, reason: messageOf(error) };
  }
  await take('hand over', () => handOver(handover, before.epoch));
  await finish(mover, mesh, open, onStep);
  return { switched: true, reason: null };
}

/**
 * Finishes or undoes a switch that was broken off, from what the stores say. May itself be broken off and repeated.
 *
 * @returns what was done; null if there was nothing to do
 */
export async function recover(mover: Mover, mesh: MeshAdmin): Promise<'finished' | 'undone' | null> {
  const { resource, journal } = mover.parts;
  const found = await standing(...sidesOf(mover));
  const open = await journal.openSwitch(resource.name);
  if (found.kind === 'contradictory') {
    const { monolith: mine, service: theirs } = found;
    throw new MigrationError(
      'not_the_owner',
      `the monolith is ${mine.state} at epoch ${mine.epoch} and the service ${theirs.state} at ${theirs.epoch}`,
    );
  }
  if (found.kind === 'fenced') await reopen(found.handover, found.epoch);
  if (found.kind === 'handed over') await follow(found.handover, found.epoch);
  if (found.kind === 'renewing') await catchUp(found.handover, found.epochs);
  if (open === null) return found.kind === 'steady' ? null : found.kind === 'handed over' ? 'finished' : 'undone';
  const now = await standing(...sidesOf(mover));
  if (now.kind !== 'steady') throw new MigrationError('switching', `the owner of ${resource.name} changes`);
  if (now.owner.name === open.target) {
    await finish(mover, mesh, open, () => {});
    return 'finished';
  }
  // The request for its fence may still be on its way.
  if (found.kind === 'steady') await reopen({ old: now.owner, next: now.follower }, now.epoch);
  await mesh.release(routeOf(resource), 'writes');
  if (open.target === 'service') await shiftTo(mover, mesh, 'reads', 'monolith');
  await journal.endSwitch(open.id, 'undone', 'broken off');
  return 'undone';
}

/** Who owns a resource. Null: a switch is under way, or was broken off. */
export async function ownerOf(mover: Mover): Promise<Target | null> {
  const now = await standing(...sidesOf(mover));
  return now.kind === 'steady' ? now.owner.name : null;
}

function sidesOf({ parts: { resource, monolith, service } }: Mover): [Side, Side] {
  return [monolithSide(monolith, resource), serviceOwnershipSide(service, resource)];
}

/** Steps 9 and 10. */
async function finish(mover: Mover, mesh: MeshAdmin, open: OpenSwitch, onStep: (step: string) => void): Promise<void> {
  const take = stepsOf(mover, open, onStep);
  await take('route', () => route(mover, mesh, open.target, () => {}));
  await take('release', () => mesh.release(routeOf(mover.resource), 'writes'));
  await mover.parts.journal.endSwitch(open.id, 'switched', null);
}

async function route(mover: Mover, mesh: MeshAdmin, target: Target, onStep: (step: string) => void): Promise<void> {
  onStep('route');
  await shiftTo(mover, mesh, 'writes', target);
  await shiftTo(mover, mesh, 'reads', target);
}

function shiftTo({ resource }: Mover, mesh: MeshAdmin, rule: 'reads' | 'writes', target: Target): Promise<void> {
  const service = target === 'service' ? resource.service : 'monolith';
  return mesh.shift(routeOf(resource), rule, service, `${resource.name} to the ${target}`);
}

/** Brings over what was written before the fence. */
async function drain(mover: Mover, { old }: Handover): Promise<void> {
  for (let rounds = 0; rounds < maxDrains; rounds++) {
    await mover.settle();
    if ((await mover.open(old.name)) === 0) return;
  }
  throw new MigrationError('not_ready', `changes of ${mover.resource.name} are left after ${maxDrains} rounds`);
}

/** Compares what changed since both sides were found equal. */
async function compare(mover: Mover): Promise<void> {
  const { monolith, service, contents } = mover.parts;
  const keys = mover.touched.keys();
  if (keys === null) {
    const { clean, divergent } = await mover.parity();
    if (!clean) throw new MigrationError('not_equal', `${divergent} ${mover.resource.name} differ`);
    return;
  }
  const differing = await differingKeys(
    mover.resource,
    { db: monolith, service, ...(contents ? { contents } : {}) },
    keys,
  );
  if (differing.length > 0) {
    throw new MigrationError('not_equal', `${differing.length} ${mover.resource.name} differ, such as ${differing[0]}`);
  }
}

function stepsOf(mover: Mover, { id }: OpenSwitch, onStep: (step: string) => void) {
  const { journal } = mover.parts;
  return async (step: string, work: () => Promise<void>): Promise<void> => {
    onStep(step);
    await journal.step(id, step, 'begun');
    try {
      await work();
    } catch (error) {
      await journal.step(id, step, 'failed', messageOf(error));
      throw error;
    }
    await journal.step(id, step, 'done');
  };
}
