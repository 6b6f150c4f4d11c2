import { MigrationError, messageOf } from '../errors.ts';
import type { OpenSwitch, Target } from '../journal/journal.ts';
import type { Mover } from '../mover/mover.ts';
import { differingKeys } from '../parity/parity.ts';
import { wayBackOf } from '../resources/resource.ts';
import type { MeshAdmin } from './mesh-admin.ts';
import { preflight } from './preflight.ts';
import { monolithSide, serviceOwnershipSide } from './sides.ts';
import { fence, follow, type Handover, handOver, reopen, standing } from './steps.ts';

/** How long new writes wait at most. Then the mesh lets them go to the old side, and the switch is called off. */
const holdMs = 5_000;
/** How often the last changes are brought over before the switch is called off. After the fence they only get fewer. */
const maxDrains = 20;

export interface SwitchOptions {
  onStep(step: string): void;
  signal?: AbortSignal;
}

/**
 * Changes the owner of a resource, and routes its requests to it. Each step is journaled before and after; whatever
 * fails before the commit point is undone, and after it only the way forward is left.
 *
 * @returns whether it was switched; otherwise it was undone, for the reason given
 * @throws MigrationError `stays` when the resource has no way back
 */
export async function switchOwner(
  mover: Mover,
  mesh: MeshAdmin,
  target: Target,
  { onStep }: SwitchOptions,
): Promise<{ switched: boolean; reason: string | null }> {
  const { resource, journal, monolith, service } = mover.parts;
  wayBackOf(resource);
  const sides = { monolith: monolithSide(monolith, resource), service: serviceOwnershipSide(service, resource) };
  const before = await standing(sides.monolith, sides.service);
  if (before.kind !== 'steady') throw new MigrationError('switching', `a switch of ${resource.name} was broken off`);
  if (before.owner.name === target) {
    await route(mover, mesh, target, onStep);
    return { switched: true, reason: null };
  }
  const handover: Handover = { old: before.owner, next: before.follower };
  onStep('preflight');
  await preflight(mover);
  const open = await journal.beginSwitch(resource.name, target);
  const take = stepsOf(mover, open, onStep);
  let isFenced = false;
  try {
    // Reads go first and come back last: the side that does not own the resource has everything, as long as it settles.
    if (target === 'service') await take('reads', () => shiftTo(mover, mesh, 'reads', target));
    await take('hold', () => mesh.hold(resource.route, 'writes', holdMs));
    isFenced = true;
    await take('fence', () => fence(handover, before.epoch));
    await take('drain', () => drain(mover, handover));
    await take('compare', () => compare(mover));
  } catch (error) {
    await take('undo', async () => {
      if (isFenced) await undoFence(handover, before.epoch);
      await mesh.release(resource.route, 'writes').catch(() => {});
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
 * Finishes or undoes a switch that was broken off, from what the stores say.
 *
 * @returns what was done; null if there was nothing to do
 */
export async function recover(mover: Mover, mesh: MeshAdmin): Promise<string | null> {
  const { resource, journal, monolith, service } = mover.parts;
  const found = await standing(monolithSide(monolith, resource), serviceOwnershipSide(service, resource));
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
  if (open === null) return found.kind === 'steady' ? null : found.kind;
  const now = await standing(monolithSide(monolith, resource), serviceOwnershipSide(service, resource));
  if (now.kind === 'steady' && now.owner.name === open.target) {
    await finish(mover, mesh, open, () => {});
    return 'finished';
  }
  await mesh.release(resource.route, 'writes').catch(() => {});
  if (open.target === 'service') await shiftTo(mover, mesh, 'reads', 'monolith');
  await journal.endSwitch(open.id, 'undone', 'broken off');
  return 'undone';
}

/** Steps 9 and 10. */
async function finish(mover: Mover, mesh: MeshAdmin, open: OpenSwitch, onStep: (step: string) => void): Promise<void> {
  const take = stepsOf(mover, open, onStep);
  await take('route', () => route(mover, mesh, open.target, () => {}));
  await take('release', () => mesh.release(mover.resource.route, 'writes'));
  await mover.parts.journal.endSwitch(open.id, 'switched', null);
}

async function route(mover: Mover, mesh: MeshAdmin, target: Target, onStep: (step: string) => void): Promise<void> {
  onStep('route');
  await shiftTo(mover, mesh, 'writes', target);
  await shiftTo(mover, mesh, 'reads', target);
}

function shiftTo({ resource }: Mover, mesh: MeshAdmin, rule: 'reads' | 'writes', target: Target): Promise<void> {
  const service = target === 'service' ? resource.service : 'monolith';
  return mesh.shift(resource.route, rule, service, `${resource.name} to the ${target}`);
}

/** The fence may or may not have been set when it failed. */
async function undoFence(handover: Handover, epoch: number): Promise<void> {
  const now = await handover.old.read();
  if (now.state === 'fenced' && now.epoch === epoch) await reopen(handover, epoch);
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
  const { monolith, service } = mover.parts;
  const keys = mover.touched.keys();
  if (keys === null) {
    const { clean, divergent } = await mover.parity();
    if (!clean) throw new MigrationError('not_equal', `${divergent} ${mover.resource.name} differ`);
    return;
  }
  const differing = await differingKeys(mover.resource, { db: monolith, service }, keys);
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
