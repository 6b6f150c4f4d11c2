import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Upgrade } from '../exchange.ts';

/** What is behind an Upgrade: known to the server, which takes the connection, and to the tunnel, which joins it to another. */
export interface UpgradeSockets {
  request: IncomingMessage;
  socket: Duplex;
  /** Bytes that came after the head already. */
  head: Buffer;
}

/** Kept aside, so that no layer can come to depend on Node's types. */
export const upgradeSockets = new WeakMap<Upgrade, UpgradeSockets>();
