import { MeshError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Reply } from '../../reply.ts';
import { Call, type Carrier } from '../call.ts';
import type { ConnectionOptions, Connections } from '../connections.ts';
import { Connection, type ConnectionOwner, type ConnectionTarget } from './connection.ts';

/** A connection is given up so long before its server does: a request that is under way then would be lost. */
const keepAliveMarginMs = 1000;

/** Time is counted in ticks of this length at most: a look at the clock for every piece of every body would cost more. */
const tickMsMax = 500;

/** The kept-alive connections to one endpoint, and the calls that wait for one. */
export class Pool implements Connections, ConnectionOwner, Carrier {
  tick = 0;
  readonly #target: ConnectionTarget;
  readonly #options: ConnectionOptions;
  readonly #tickMs: number;
  readonly #all = new Set<Connection>();
  /** The last one used is used next, so that what is too many becomes old. */
  readonly #idle: Connection[] = [];
  readonly #queue = new Set<Call>();
  #connecting = 0;
  #ticking: NodeJS.Timeout | null = null;
  #closing = false;
  #onEmpty: (() => void)[] = [];

  constructor(host: string, port: number, options: ConnectionOptions) {
    const { connectTimeoutMs, headBytesMax, idleTimeoutMs, keepAliveMs } = options;
    this.#options = options;
    this.#target = { host, port, connectTimeoutMs, headBytesMax };
    const shortestMs = Math.min(keepAliveMs, idleTimeoutMs === 0 ? keepAliveMs : idleTimeoutMs);
    this.#tickMs = Math.max(5, Math.min(tickMsMax, shortestMs / 8));
  }

  send(exchange: Exchange): Promise<Reply> {
    return new Call(exchange).start(this.#begin);
  }

  readonly #begin = (call: Call): void => {
    if (this.#closing) {
      call.fail(left('not_sent'));
      return;
    }
    const connection = this.#idle.pop();
    if (connection !== undefined) {
      connection.send(call);
      return;
    }
    call.carriedBy(this);
    this.#queue.add(call);
    this.#grow();
  };

  close(): Promise<void> {
    this.#closing = true;
    for (const connection of [...this.#idle]) connection.close();
    return this.#empty();
  }

  destroy(): Promise<void> {
    this.#closing = true;
    this.#failWaiting(left('not_sent'));
    for (const connection of [...this.#all]) connection.fail(left('maybe_sent'));
    return this.#empty();
  }

  stats(): { open: number; queued: number } {
    return { open: this.#all.size - this.#connecting, queued: this.#queue.size };
  }

  /** As the carrier of calls that wait. */
  abandon(call: Call): void {
    this.#queue.delete(call);
    this.#tellEmpty();
  }

  pause(): void {}

  resume(): void {}

  onConnected(connection: Connection): void {
    this.#connecting -= 1;
    this.#serve(connection, null);
  }

  onFree(connection: Connection, keepAliveMs: number | null): void {
    this.#serve(connection, keepAliveMs);
  }

  onGone(connection: Connection, error: MeshError | null): void {
    this.#all.delete(connection);
    if (!connection.connected) {
      this.#connecting -= 1;
      this.#failed(error);
    }
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#grow();
    this.#tellEmpty();
  }

  /** No connection came about: nobody else can serve those that wait, or one of them has been waiting for this one. */
  #failed(error: MeshError | null): void {
    if (error === null) return;
    if (this.#all.size === this.#connecting) this.#failWaiting(error);
    else this.#failWaiting(error, 1);
  }

  /** Those that have waited longest; all of them where no number is given. */
  #failWaiting(error: MeshError, count = this.#queue.size): void {
    for (const call of [...this.#queue].slice(0, count)) {
      this.#queue.delete(call);
      call.fail(error);
    }
  }

  /** Hands `connection` to whoever has waited longest, or keeps it for the next. */
  #serve(connection: Connection, keepAliveMs: number | null): void {
    for (const call of this.#queue) {
      this.#queue.delete(call);
      connection.send(call);
      return;
    }
    const ownMs = this.#options.keepAliveMs;
    const keptMs = keepAliveMs === null ? ownMs : Math.min(ownMs, keepAliveMs - keepAliveMarginMs);
    if (this.#closing || keptMs <= 0) {
      connection.close();
      return;
    }
    connection.expiresTick = this.tick + keptMs / this.#tickMs;
    this.#idle.push(connection);
  }

  /** Opens as many connections as there are calls to wait for them. */
  #grow(): void {
    while (this.#connecting < this.#queue.size && this.#all.size < this.#options.connectionsMax) {
      this.#connecting += 1;
      this.#all.add(new Connection(this, this.#target));
    }
    if (this.#all.size > 0 && this.#ticking === null) {
      this.#ticking = setInterval(this.#onTick, this.#tickMs);
      this.#ticking.unref();
    }
  }

  readonly #onTick = (): void => {
    this.tick += 1;
    const { idleTimeoutMs } = this.#options;
    // One more, because a connection may have been used just before the tick that it noted ended.
    const silentTicks = idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleTimeoutMs / this.#tickMs + 1;
    for (const connection of [...this.#all]) {
      if (!connection.busy) continue;
      if (connection.waitsForOthers) connection.tick = this.tick;
      else if (this.tick - connection.tick > silentTicks) connection.fail(silent());
    }
    for (const connection of [...this.#idle]) if (this.tick > connection.expiresTick) connection.close();
  };

  #empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
      this.#tellEmpty();
    });
  }

  #tellEmpty(): void {
    if (this.#all.size > 0) return;
    if (this.#ticking !== null) clearInterval(this.#ticking);
    this.#ticking = null;
    if (!this.#closing || this.#queue.size > 0) return;
    const listeners = this.#onEmpty;
    this.#onEmpty = [];
    for (const listener of listeners) listener();
  }
}

/** Of an endpoint that has left: nobody is to ask it any more. */
function left(delivery: 'not_sent' | 'maybe_sent'): MeshError {
  return new MeshError('connect_failed', 'The service has left.', { delivery });
}

function silent(): MeshError {
  return new MeshError('upstream_idle', 'The service stopped sending.', {
    delivery: 'maybe_sent',
    cause: { code: 'UPSTREAM_SILENT' },
  });
}
