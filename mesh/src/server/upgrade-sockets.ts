import type { Socket } from 'node:net';
import type { Upgrade } from '../exchange.ts';

/** A client's connection, to speak another protocol on. */
export interface TakenSocket {
  socket: Socket;
  /** Bytes that came behind the request already. */
  head: Buffer;
}

/** What is behind an Upgrade: known to the server, which has the connection, and to the tunnel, which joins it to another. */
export interface UpgradeSockets {
  /** The connection, which nobody reads as HTTP any more; null if the client has gone. Once. */
  take(): TakenSocket | null;
}

/** Kept aside, so that no layer can come to depend on Node's types. */
export const upgradeSockets = new WeakMap<Upgrade, UpgradeSockets>();
