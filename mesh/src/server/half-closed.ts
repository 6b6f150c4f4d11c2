import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ReplyWriter } from './reply-writer.ts';

/** Between the first two questions: about as long as an answer takes across the world. */
const roundTripMs = 500;
/** A client that has closed its side and takes nothing for this long is taken to have gone. */
const silenceMs = 5000;

/**
 * Finds out whether a client that has closed its sending side still waits for its answers or has gone altogether: to this
 * side both look alike. An interim response tells, which clients read past (RFC 9110 section 15.2): a connection with
 * nobody behind it is reset by whatever arrives, and the next write notices. Where none can be sent any more, the answer
 * itself must make progress.
 *
 * @param current the reply whose turn it is, or null when all have been given
 */
export function askHalfClosed(socket: Socket, current: () => ReplyWriter | null, clock: Clock): void {
  let cancel = () => {};
  let written = socket.bytesWritten;
  const ask = (first: boolean) => {
    const reply = current();
    const interim = reply?.interimPossible ?? false;
    if (interim) reply?.interim(102, []);
    else if (!first && socket.bytesWritten === written) {
      socket.destroy();
      return;
    }
    written = socket.bytesWritten;
    cancel = clock.after(first && interim ? roundTripMs : silenceMs, () => ask(false));
  };
  ask(true);
  socket.once('close', () => cancel());
}
