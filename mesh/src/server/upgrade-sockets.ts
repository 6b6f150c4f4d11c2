import type { Socket } from 'node:net';
import type { Upgrade } from '../exchange.ts';

/** A client's connection, ready for another protocol. */
export interface TakenSocket {
  socket: Socket;
  /** Bytes that arrived behind the request. */
  head: Buffer;
}

/** The connection behind an Upgrade. The server owns it, and the tunnel takes it. */
export interface UpgradeSockets {
  /** Takes the connection, which is no longer read as HTTP. Call it once. Null if the client has gone. */
  take(): TakenSocket | null;
}

/** A map apart from the exchange keeps the layers independent of Node's types. */
export const upgradeSockets = new WeakMap<Upgrade, UpgradeSockets>();
