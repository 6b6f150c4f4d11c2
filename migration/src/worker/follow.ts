import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@banyan/kit/log';
import { messageOf } from '../errors.ts';
import type { Mover } from '../mover/mover.ts';

/** Between two rounds: the largest part of the lag. */
const pollMs = 25;
/** After a round that failed. */
const slowPollMs = 1_000;

/** Keeps a resource's follower in step until `signal` ends it. Logs a failure once, and its end. */
export async function followOwner(mover: Mover, logger: Logger, signal: AbortSignal): Promise<void> {
  let failing: string | null = null;
  while (!signal.aborted) {
    try {
      await mover.settle();
      if (failing !== null) logger.info({ resource: mover.resource.name }, 'the follower is in step again');
      failing = null;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== failing) logger.warn({ resource: mover.resource.name, reason }, 'the follower is not in step');
      failing = reason;
    }
    await pause(failing === null ? pollMs : slowPollMs, undefined, { signal }).catch(() => {});
  }
}
