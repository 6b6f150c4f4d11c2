import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** How long the connection of a client that still sends is read after its last answer. */
const lingerMs = 2000;
/** And how much of it. */
const lingerBytesMax = 4 * 1024 * 1024;

/**
 * Closes the sending side and reads what still comes away, up to two seconds and 4 MiB. A connection that is closed with
 * unread bytes on it is reset, and a reset may take the answer away that the client has not read yet (RFC 9112 section
 * 9.6).
 */
export function linger(socket: Socket, clock: Clock): void {
  socket.end();
  if (socket.destroyed) return;
  let left = lingerBytesMax;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) socket.destroy();
  });
  socket.resume();
  socket.once(
    'close',
    clock.after(lingerMs, () => socket.destroy()),
  );
}

/** Has Node's server linger where it would close the connection after the answer that is being written. */
export function lingerAtEnd(socket: Socket, clock: Clock): void {
  socket.destroySoon = () => linger(socket, clock);
}
