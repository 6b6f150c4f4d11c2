import { setTimeout as pause } from 'node:timers/promises';
import { isPassing, MigrationError, messageOf } from '../errors.ts';
import type { Mover } from '../mover/mover.ts';
import type { ParityReport } from '../parity/parity-report.ts';
import type { Pass } from '../relay/relay.ts';

/** Aggregates in one chunk. */
const chunkSize = 1_000;
/** Chunks that are on their way at the same time: one is read while another one is applied. */
const inFlight = 3;
/** How often it is tried while a store or the service does not respond, and how long between. */
const maxTries = 60;
const retryMs = 1_000;

export interface Progress {
  onProgress(done: number, total: number): void;
  signal: AbortSignal;
}

/**
 * Copies every aggregate of the monolith, which the mover has attached, to the service, in the order of their keys, through the relay: so a chunk can
 * never overwrite a newer change. Goes on where an earlier run stopped. Afterwards both sides are compared, and what
 * differs, such as leftovers of an earlier migration, is sent once more. A store or a service that restarts ends no
 * backfill: it goes on from the last chunk that arrived.
 *
 * @throws MigrationError `parked` when the service refuses aggregates, `not_equal` when both sides differ afterwards
 */
export async function backfill(mover: Mover, full: boolean, { onProgress, signal }: Progress): Promise<ParityReport> {
  let anew = full;
  const onBegun = () => {
    anew = false;
  };
  return inSpiteOfOutages(mover, signal, () => goThrough(mover, anew, onBegun, { onProgress, signal }));
}

/** @param anew from the first aggregate, at a new epoch */
async function goThrough(
  mover: Mover,
  anew: boolean,
  onBegun: () => void,
  { onProgress, signal }: Progress,
): Promise<ParityReport> {
  const { resource, journal, monolith } = mover.parts;
  const { backfill: before } = await journal.entry(resource.name);
  const goesOn = before.begun && before.doneAt === null && !anew;
  const { rows } = await monolith.query<{ count: number }>(resource.count);
  const total = rows[0]?.count ?? 0;
  if (anew) await mover.renewEpoch();
  if (!goesOn) await journal.beginBackfill(resource.name, total, anew);
  onBegun();
  const { after, sent } = (await journal.entry(resource.name)).backfill;
  await copy(mover, after, sent, (done) => onProgress(done, total), signal);
  await mover.settle();
  await journal.finishBackfill(resource.name);
  const report = await mover.repair(undefined, signal);
  if (report.clean) return report;
  const [first] = report.listed;
  throw new MigrationError(
    'not_equal',
    `${report.divergent} ${resource.name} differ after the backfill, such as ${first?.key} (${first?.kind})`,
  );
}

/** A store or a service that restarts, or is ready a moment after the worker, ends no work: it is done again. */
export async function inSpiteOfOutages<Result>(
  { parts: { resource, logger } }: Mover,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || tries === maxTries || signal.aborted) throw error;
      logger.warn({ resource: resource.name, reason: messageOf(error) }, 'the backfill waits');
      await pause(retryMs, undefined, { signal }).catch(() => {});
    }
  }
}

async function copy(
  mover: Mover,
  from: string | null,
  sentBefore: number,
  onSent: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { resource, journal } = mover.parts;
  const relay = await mover.parts.relay();
  const sending: { last: string; delivered: Promise<Pass> }[] = [];
  let sent = sentBefore;
  let refused = 0;
  const finishOldest = async () => {
    const oldest = sending.shift();
    if (!oldest) return;
    const pass = await oldest.delivered;
    mover.touched.add(pass.keys);
    refused += pass.refused.length;
    sent += pass.keys.length;
    // In the order of the keys: another worker may go on from here.
    await journal.advanceBackfill(resource.name, oldest.last, pass.keys.length);
    onSent(sent);
  };
  for (let after = from; ; ) {
    signal.throwIfAborted();
    const { last, delivered } = await relay.chunk(resource, after, chunkSize);
    if (last === null) {
      await delivered;
      break;
    }
    sending.push({ last, delivered });
    after = last;
    if (sending.length === inFlight) await finishOldest();
  }
  while (sending.length > 0) await finishOldest();
  if (refused > 0) throw new MigrationError('parked', `the service refuses ${refused} ${resource.name}: see status`);
}
