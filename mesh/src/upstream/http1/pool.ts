import type { BackendTrafficPolicy } from '../../config/policy-model.ts';
import { MeshError } from '../../errors.ts';
import type { Reply } from '../../reply.ts';
import { Call, type Carrier } from '../call.ts';
import { type ConnectionLimits, type ConnectionOptions, type Connections, limitsOf } from '../connections.ts';
import type { UpstreamRequest } from '../request.ts';
import { Connection, type ConnectionOwner } from './connection.ts';

/** A connection is closed this long before the server would close it, because a request in flight would be lost. */
const keepAliveMarginMs = 1000;

/** The maximum length of a tick. Reading the clock for every piece of every body would cost more. */
const tickMsMax = 500;

/** The kept-alive connections to one endpoint, and the calls that wait for one. */
export class Pool implements Connections, ConnectionOwner, Carrier {
  tick = 0;
  readonly #host: string;
  readonly #port: number;
  readonly #headBytesMax: number;
  #limits: ConnectionLimits;
  #tickMs: number;
  readonly #all = new Set<Connection>();
  /** The connection used last is used next, so that surplus connections age and close. */
  readonly #idle: Connection[] = [];
  /** Waiting calls, oldest first, each with the tick at which it began to wait. */
  readonly #queue = new Map<Call, number>();
  #connecting = 0;
  #ticking: NodeJS.Timeout | null = null;
  #closing = false;
  #onEmpty: (() => void)[] = [];

  constructor(host: string, port: number, { headBytesMax, ...limits }: ConnectionOptions) {
    this.#host = host;
    this.#port = port;
    this.#headBytesMax = headBytesMax;
    this.#limits = limits;
    this.#tickMs = tickMsFor(limits);
  }

  get full(): boolean {
    const busy = this.#all.size - this.#idle.length - this.#connecting;
    return busy + this.#queue.size >= this.#limits.connectionsMax;
  }

  follow(policy: BackendTrafficPolicy): void {
    const limits = limitsOf(policy);
    this.#limits = limits;
    const tickMs = tickMsFor(limits);
    if (tickMs !== this.#tickMs) this.#countIn(tickMs);
    for (const connection of this.#all) connection.limitConnecting(limits.connectTimeoutMs);
    // Used connections follow when their request has ended.
    for (const connection of this.#idle.slice(0, Math.max(0, this.#all.size - limits.connectionsMax)))
      connection.close();
    this.#grow();
  }

  send(exchange: UpstreamRequest): Promise<Reply> {
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
    this.#queue.set(call, this.tick);
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

  /** As the carrier of waiting calls. */
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

  /** No connection could be opened. Fails the calls that no other connection will serve. */
  #failed(error: MeshError | null): void {
    if (error === null) return;
    if (this.#all.size === this.#connecting) this.#failWaiting(error);
    else this.#failWaiting(error, 1);
  }

  /** The longest waiting calls; all of them if no number is given. */
  #failWaiting(error: MeshError, count = this.#queue.size): void {
    for (const call of [...this.#queue.keys()].slice(0, count)) {
      this.#queue.delete(call);
      call.fail(error);
    }
  }

  /** Gives `connection` to the longest waiting call, or keeps it. */
  #serve(connection: Connection, keepAliveMs: number | null): void {
    const tooMany = this.#all.size > this.#limits.connectionsMax;
    const [waiting] = this.#queue.size === 0 || tooMany ? [] : this.#queue.keys();
    if (waiting !== undefined) {
      this.#queue.delete(waiting);
      connection.send(waiting);
      return;
    }
    connection.keptMs = keepAliveMs === null ? Number.POSITIVE_INFINITY : keepAliveMs - keepAliveMarginMs;
    if (this.#closing || tooMany || connection.keptMs <= 0 || this.#limits.keepAliveMs <= 0) {
      connection.close();
      return;
    }
    connection.tick = this.tick;
    this.#idle.push(connection);
  }

  /** Opens as many connections as there are calls waiting for them. */
  #grow(): void {
    const { connectionsMax, connectTimeoutMs } = this.#limits;
    while (this.#connecting < this.#queue.size && this.#all.size < connectionsMax) {
      this.#connecting += 1;
      const target = { host: this.#host, port: this.#port, connectTimeoutMs, headBytesMax: this.#headBytesMax };
      this.#all.add(new Connection(this, target));
    }
    if (this.#all.size > 0 && this.#ticking === null) this.#startTicking();
  }

  #startTicking(): void {
    this.#ticking = setInterval(this.#onTick, this.#tickMs);
    this.#ticking.unref();
  }

  /** Changes the length of a tick. Recorded ticks keep their age. */
  #countIn(tickMs: number): void {
    const { tick } = this;
    const ratio = this.#tickMs / tickMs;
    const noted = (before: number) => tick - (tick - before) * ratio;
    for (const connection of this.#all) connection.tick = noted(connection.tick);
    for (const [call, since] of this.#queue) this.#queue.set(call, noted(since));
    this.#tickMs = tickMs;
    if (this.#ticking === null) return;
    clearInterval(this.#ticking);
    this.#startTicking();
  }

  readonly #onTick = (): void => {
    this.tick += 1;
    const { idleTimeoutMs, keepAliveMs } = this.#limits;
    // Adds one, because the connection may have been used just before its recorded tick ended.
    const silentTicks = idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleTimeoutMs / this.#tickMs + 1;
    for (const connection of [...this.#all]) {
      if (!connection.busy) continue;
      if (connection.waitsForOthers) connection.tick = this.tick;
      else if (this.tick - connection.tick > silentTicks) connection.fail(silent());
    }
    for (const connection of [...this.#idle]) {
      const keptTicks = Math.min(keepAliveMs, connection.keptMs) / this.#tickMs;
      if (this.tick - connection.tick > keptTicks) connection.close();
    }
    if (this.#queue.size > this.#connecting) this.#endWaiting();
  };

  /**
   * Ends the wait for a connection that another request uses. The longest waiting calls have a connection on the way,
   * which opens or fails in its own time.
   */
  #endWaiting(): void {
    const { queueTimeoutMs, retryAfterS } = this.#limits;
    // Adds one, as above.
    const ticks = queueTimeoutMs / this.#tickMs + 1;
    const waiting = [...this.#queue].slice(this.#connecting);
    for (const [call, since] of waiting) {
      if (this.tick - since < ticks) return;
      this.#queue.delete(call);
      call.fail(noneFree(queueTimeoutMs, retryAfterS));
    }
  }

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

function tickMsFor({ keepAliveMs, idleTimeoutMs, queueTimeoutMs }: ConnectionLimits): number {
  const shortestMs = Math.min(keepAliveMs, queueTimeoutMs, idleTimeoutMs === 0 ? keepAliveMs : idleTimeoutMs);
  return Math.max(5, Math.min(tickMsMax, shortestMs / 8));
}

function noneFree(queueTimeoutMs: number, retryAfterS: number): MeshError {
  return new MeshError('overloaded', `No connection came free within ${queueTimeoutMs} ms.`, { retryAfterS });
}

/** For an endpoint that has left its service. */
function left(delivery: 'not_sent' | 'maybe_sent'): MeshError {
  return new MeshError('connect_failed', 'The service has left.', { delivery });
}

function silent(): MeshError {
  return new MeshError('upstream_idle', 'The service stopped sending.', {
    delivery: 'maybe_sent',
    cause: { code: 'UPSTREAM_SILENT' },
  });
}

/** Connections to `http://host:port`. */
export function connectionsTo(host: string, port: number, options: ConnectionOptions): Connections {
  return new Pool(host, port, options);
}
