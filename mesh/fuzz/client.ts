import { connect } from 'node:net';
import type { FuzzCase } from './cases.ts';

/** What a client got back. */
export interface ClientOutcome {
  received: Buffer;
  /** `hung`: the mesh had not closed within the limit. */
  end: 'closed' | 'reset by us' | 'hung';
}

/** Nothing has come for this long: nothing more is expected, and the client takes its leave. */
const quietMs = 60;
/** A patient client leaves after so many such times at the earliest, if it has got nothing at all. */
const looksMin = 10;

/**
 * Sends a case on a connection of its own and waits for its end.
 *
 * @param busy whether the mesh still has something to do for it that does not need more bytes
 * @param hangMs how long the mesh may keep the connection after the client has said its last word
 */
export function play(
  fuzz: FuzzCase,
  { port, localAddress, busy, hangMs }: { port: number; localAddress: string; busy: () => boolean; hangMs: number },
): Promise<ClientOutcome> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let end: ClientOutcome['end'] = 'closed';
    let quiet: NodeJS.Timeout | null = null;
    let hang: NodeJS.Timeout | null = null;
    let connected = false;
    let looks = 0;
    // A client that has closed its side still reads: else nobody would see that the mesh does not close.
    const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true, noDelay: true });

    const leave = () => {
      looks += 1;
      // A busy machine may not have read anything yet.
      const waits = busy() || (looks < looksMin && chunks.length === 0);
      if (fuzz.patient && waits) {
        quiet = setTimeout(leave, quietMs);
        return;
      }
      hang = setTimeout(() => {
        end = 'hung';
        socket.destroy();
      }, hangMs);
      if (fuzz.farewell === 'half-close') socket.end();
      if (fuzz.farewell !== 'reset') return;
      end = 'reset by us';
      socket.resetAndDestroy();
    };
    const heard = () => {
      if (quiet !== null) clearTimeout(quiet);
      quiet = null;
      if (hang === null) quiet = setTimeout(leave, quietMs);
    };
    const send = (next: number) => {
      const piece = fuzz.pieces[next];
      if (piece === undefined || socket.destroyed) heard();
      else socket.write(piece, () => setImmediate(send, next + 1));
    };
    socket.on('connect', () => {
      connected = true;
      send(0);
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (quiet !== null) heard();
    });
    socket.on('end', () => socket.end());
    socket.on('error', (error) => {
      if (!connected) reject(error);
    });
    socket.on('close', () => {
      if (quiet !== null) clearTimeout(quiet);
      if (hang !== null) clearTimeout(hang);
      resolve({ received: Buffer.concat(chunks), end });
    });
  });
}
