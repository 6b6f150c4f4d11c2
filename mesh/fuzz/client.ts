import { connect } from 'node:net';
import type { FuzzCase } from './cases.ts';

/** What a client received. */
export interface ClientOutcome {
  received: Buffer;
  /** `hung`: the mesh had not closed within the limit. */
  end: 'closed' | 'reset by us' | 'hung';
}

/** After this long without a byte the client expects nothing more, and leaves. */
const quietMs = 60;
/** A patient client that has received nothing waits at least this many times as long. */
const looksMin = 10;

/**
 * Sends a case on a connection of its own and waits for its end.
 *
 * @param busy whether the mesh is still working on the case without needing more bytes
 * @param hangMs how long the mesh may keep the connection after the client has left
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
    // A half-closed client keeps reading. Otherwise the test would not see that the mesh does not close.
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
