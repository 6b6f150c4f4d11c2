import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const acceptable = /^[\w.:-]{1,64}$/;

/** Takes over the caller's `x-request-id` when it is harmless in a log; else counts up from a random start per process. */
export function requestIds(start = randomBytes(6).toString('hex')): (request: IncomingMessage) => string {
  let count = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && acceptable.test(given)) return given;
    count += 1;
    return `${start}-${count.toString(36)}`;
  };
}
