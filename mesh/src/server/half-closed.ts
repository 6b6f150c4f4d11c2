import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ReplyWriter } from './reply-writer.ts';

/** The delay of the second probe: about the longest round trip on the Internet. */
const roundTripMs = 500;
/** A half-closed client that takes no bytes for this long is considered gone. */
const silenceMs = 5000;

/**
 * Finds out whether a client that has closed its sending side still waits for replies. A client that has gone
 * altogether looks the same from here. Interim responses make the difference visible, and clients skip them (RFC 9110
 * section 15.2): a client that has gone resets the connection on the first one, and the next write fails. Once no
 * interim response can be sent, the reply itself must make progress.
 *
 * @param current the reply in progress; null once the last request has its reply
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
