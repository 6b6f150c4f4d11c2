import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Cannot harm a log. */
const harmless = /^[\w.:-]{1,64}$/;

/**
 * Uses the caller's `x-request-id` if it is harmless in a log. Otherwise counts up from a random prefix per process.
 */
export function requestIds(prefix = randomBytes(6).toString('hex')): (request: IncomingMessage) => string {
  let count = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && harmless.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
