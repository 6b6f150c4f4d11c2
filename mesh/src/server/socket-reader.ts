import { Socket, type SocketConstructorOpts } from 'node:net';

/** Node keeps this from its users: it is how its own server makes a socket of a connection that it has accepted. */
interface WithHandle {
  _handle: { readonly writeQueueSize: number } | null;
}

/** Takes what has been read into memory that is the reader's again when this returns. False where no more is wanted for now. */
export type OnRead = (bytes: Buffer, count: number) => boolean;

/**
 * The connection of `accepted`, read into the memory that `buffer` gives, as `net.connect` offers it under `onread` for
 * connections that it opens. A stream's own way of reading allocates 64 KiB for each read, which costs about as much as
 * to understand the request that was read.
 *
 * @param accepted paused, and read by nobody yet; of no further use: without its handle it closes nothing but itself
 */
export function readInto(accepted: Socket, buffer: () => Buffer, onRead: OnRead): Socket {
  const options = {
    handle: (accepted as unknown as WithHandle)._handle,
    allowHalfOpen: true,
    onread: { buffer, callback: (count: number, bytes: Uint8Array) => onRead(bytes as Buffer, count) },
  };
  const socket = new Socket(options as unknown as SocketConstructorOpts);
  (accepted as unknown as WithHandle)._handle = null;
  accepted.destroy();
  return socket;
}

/** Bytes that the system has not taken yet, of those that have been handed to it. */
export function writeQueueBytes(socket: Socket): number {
  return (socket as unknown as WithHandle)._handle?.writeQueueSize ?? 0;
}
