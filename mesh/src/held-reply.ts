import type { Clock } from './clock.ts';
import type { MeshError } from './errors.ts';
import { header } from './headers.ts';
import type { Reply } from './reply.ts';

/**
 * Whether a reply is held until it is whole. A reply that is whole already is not held; one longer than the limit and
 * an event stream are handed on as they come.
 *
 * @param limitBytes 0 = no reply is held
 */
export function isHeld({ tunneled, headers, body }: Reply, limitBytes: number): boolean {
  if (limitBytes === 0 || tunneled || body.onHeld === undefined || body.whole === true) return false;
  if (body.length !== null && body.length > limitBytes) return false;
  return !/^text\/event-stream(?:$|[\s;])/i.test(header(headers, 'content-type') ?? '');
}

/**
 * Waits for a held reply. Resolves with null when it is whole, or must be handed on: a reply without a length after
 * `waitMs`, or when `limitBytes` of it have come. Resolves with the error if it breaks off.
 */
export function arrival({ body }: Reply, limitBytes: number, waitMs: number, clock: Clock): Promise<MeshError | null> {
  return new Promise((resolve) => {
    const cancel = body.length === null ? clock.after(waitMs, () => resolve(null)) : null;
    body.onHeld?.((error) => {
      cancel?.();
      resolve(error);
    }, limitBytes);
  });
}
