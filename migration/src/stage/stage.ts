import { MigrationError, messageOf } from '../errors.ts';
import type { Target } from '../journal/journal.ts';
import type { At, Place } from './place.ts';

export const stages = ['services', 'monolith'] as const;
export type Stage = (typeof stages)[number];

export interface StageOrder {
  stage: Stage;
  /** Also what was moved before, or shifted by hand. */
  again: boolean;
  /** Only these resources; empty: all. */
  resources: readonly string[];
  /** Only resources of these services; null: of all. */
  services: readonly string[] | null;
  /** How long a service that does not respond is waited for, in milliseconds. */
  waitMs: number;
}

/** What a stage asks of the worker. A copy and a move throw the reason why they were not done. */
export interface StageParts {
  places(): Promise<readonly Place[]>;
  /** Copies everything, or waits until a follower that has a copy is in step. */
  copy(place: Place, show: (line: string) => void): Promise<void>;
  move(place: Place, target: Target, show: (line: string) => void): Promise<void>;
  pause(): Promise<void>;
  /** Milliseconds that only go forward. */
  clock(): number;
}

/** What became of one resource. */
export interface Outcome {
  resource: string;
  service: string;
  at: At;
  /** Whether this stage moved it. */
  moved: boolean;
  /** Why it is not where the stage wants it; or why its data were not copied. */
  reason: string | null;
  /** It was wanted elsewhere, and that failed. */
  failed: boolean;
}

/**
 * Puts resources where a stage wants them: each is copied, unless it was, and its owner changed. What stands already is
 * skipped. One that cannot be moved stays where it is, and the others go on.
 *
 * @throws MigrationError `bad_arguments` for a resource that does not exist
 */
export async function enterStage(
  order: StageOrder,
  parts: StageParts,
  show: (resource: string, line: string) => void,
): Promise<Outcome[]> {
  const all = await parts.places();
  const unknown = order.resources.find((name) => all.every(({ resource }) => resource !== name));
  if (unknown !== undefined) {
    const known = all.map(({ resource }) => resource).join(', ');
    throw new MigrationError('bad_arguments', `there is no resource ${unknown}; there is: ${known}`);
  }
  const wanted = all.filter(({ resource }) => order.resources.length === 0 || order.resources.includes(resource));
  return Promise.all(wanted.map((place) => enter(place, order, parts, (line) => show(place.resource, line))));
}

async function enter(
  place: Place,
  order: StageOrder,
  parts: StageParts,
  show: (line: string) => void,
): Promise<Outcome> {
  const { resource, service } = place;
  const target: Target = order.stage === 'services' ? 'service' : 'monolith';
  const stays = (reason: string | null, failed = reason !== null): Outcome => {
    return { resource, service, at: place.at, moved: false, reason, failed };
  };
  if (order.services !== null && !order.services.includes(service)) return stays(`${service} was not started`, false);
  if (!place.follows && place.at === target) return stays(null);
  const kept = place.at !== target && place.moved && !order.again;
  if (kept && !place.follows) return stays(keptReason, false);
  try {
    if (place.follows || target === 'service') {
      await responding(place, order, parts, show);
      if (!place.copied || place.follows) await parts.copy(place, show);
    }
    if (place.isCopy) return { ...stays(null), at: 'service', moved: !place.copied };
    if (kept) return stays(keptReason, false);
    const moves = place.at !== target;
    if (moves) await parts.move(place, target, show);
    return { ...stays(null), at: target, moved: moves };
  } catch (error) {
    return stays(messageOf(error));
  }
}

const keptReason = 'it was put there before';

/** @throws MigrationError `target_unavailable` with the reason why the service does not respond */
async function responding(
  { resource, down: before }: Place,
  { waitMs }: StageOrder,
  { places, pause, clock }: StageParts,
  show: (line: string) => void,
): Promise<void> {
  const until = clock() + waitMs;
  let down = before;
  while (down !== null && clock() < until) {
    show(`waiting: ${down}`);
    await pause();
    down = (await places()).find((one) => one.resource === resource)?.down ?? null;
  }
  if (down !== null) throw new MigrationError('target_unavailable', down);
}

/** One line a resource, and a last one that sums them up. */
export function stageText(outcomes: readonly Outcome[]): string {
  const width = Math.max(0, ...outcomes.map(({ resource }) => resource.length));
  const lines = outcomes.map(({ resource, service, at, moved, reason }) => {
    const where = at === 'service' ? `on the ${service} service` : placeNames[at ?? 'unknown'];
    return `${resource.padEnd(width)}  ${where}${moved ? ', moved now' : ''}${reason === null ? '' : `: ${reason}`}`;
  });
  const count = outcomes.filter(({ at }) => at === 'service').length;
  return [...lines, `${count} of ${outcomes.length} resources on their services`].join('\n');
}

const placeNames = {
  monolith: 'on the monolith',
  split: 'on both sides',
  switching: 'changing its owner',
  unknown: 'somewhere unknown',
} as const;
