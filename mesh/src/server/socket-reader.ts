import { Socket, type SocketConstructorOpts } from 'node:net';

/** Not a public API of Node: its own HTTP server makes a socket from an accepted connection this way. */
interface WithHandle {
  _handle: { readonly writeQueueSize: number } | null;
}

/** Takes the bytes read. The reader reuses the memory when this returns. False pauses the reading. */
export type OnRead = (bytes: Buffer, count: number) => boolean;

/**
 * Reads the connection of `accepted` into memory from `buffer`, as the `onread` option of `net.connect` does for
 * outgoing connections. The stream's own way allocates 64 KiB for each read, which costs about as much as parsing a
 * request.
 *
 * @param accepted paused and unread. It loses its handle, so it must not be used any more
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

/** Bytes written to the socket that the system has not accepted yet. */
export function writeQueueBytes(socket: Socket): number {
  return (socket as unknown as WithHandle)._handle?.writeQueueSize ?? 0;
}
