import { formatDuration, parseDuration } from '../config/shapes/duration.ts';
import type { HoldStatus } from '../hold/holds.ts';
import type { AdminClient } from './admin-client.ts';
import { MeshCliError } from './error.ts';
import { wholeNumber } from './numbers.ts';
import type { Output } from './output.ts';
import { rulePath } from './shift.ts';

/** How long one question waits for requests to end: less than the admin port allows. */
const lookMs = 1000;

export interface HoldOptions {
  /** A duration. */
  for: string;
  /** A whole number. */
  max: string;
  /** A duration; absent = the command does not wait. */
  wait?: string;
  who: string;
  why: string;
  json: boolean;
}

/**
 * `mesh hold brands/writes --for 5s --wait 2s`: new requests wait, and the command returns when those in flight have
 * ended.
 *
 * @throws MeshCliError also where some have not ended after `--wait`: the hold stays
 */
export async function hold(admin: AdminClient, target: string, options: HoldOptions, { out }: Output): Promise<void> {
  const { who, why, json } = options;
  const forMs = durationOf('--for', options.for);
  const waitMs = options.wait === undefined ? 0 : durationOf('--wait', options.wait);
  const path = `${rulePath(target)}/hold`;
  await admin.post(path, { forMs, maxWaiting: wholeNumber('--max', options.max), who, why });
  const endMs = performance.now() + waitMs;
  let status: HoldStatus;
  do {
    const leftMs = Math.min(lookMs, Math.max(0, Math.ceil(endMs - performance.now())));
    status = await admin.get<HoldStatus>(`${path}?waitMs=${waitMs === 0 ? 0 : leftMs}`);
  } while (status.inFlightBefore > 0 && performance.now() < endMs);
  if (json) out(JSON.stringify(status));
  else out(`${target}: held for ${formatDuration(forMs)}; in flight from before: ${status.inFlightBefore}`);
  if (waitMs > 0 && status.inFlightBefore > 0) {
    throw new MeshCliError(
      `${status.inFlightBefore} requests have not ended within ${options.wait}.`,
      `The hold stays until its end: mesh release ${target} ends it now.`,
    );
  }
}

/**
 * `mesh release brands/writes`: the requests that wait go on.
 *
 * @throws MeshCliError where nothing was held any more
 */
export async function release(
  admin: AdminClient,
  target: string,
  { who, why, json }: { who: string; why: string; json: boolean },
  { out }: Output,
): Promise<void> {
  const reply = await admin.delete<{ released: boolean }>(`${rulePath(target)}/hold`, { who, why });
  if (json) out(JSON.stringify(reply));
  else if (reply.released) out(`${target}: released`);
  if (!reply.released) {
    throw new MeshCliError(`${target} was not held.`, 'A hold ends by itself after its time (--for).');
  }
}

function durationOf(option: string, text: string): number {
  const parsed = parseDuration(text);
  if (parsed !== null && parsed > 0) return parsed;
  throw new MeshCliError(`${option} must be a duration.`, `As in: ${option} 5s, or ${option} 500ms`);
}
