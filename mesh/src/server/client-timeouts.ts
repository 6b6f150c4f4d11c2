import type { Socket } from 'node:net';
import { writeQueueBytes } from './socket-reader.ts';
import { awaitsContinue, type Transaction } from './transaction.ts';

/** The listener's clock: `tick` counts up, and each timeout is a number of ticks. */
interface Ticks {
  readonly tick: number;
  readonly ticks: { head: number; idle: number; keepAlive: number };
}

/** `body overdue` is reported once for each request. After that, or once a reply has begun, it is `overdue`. */
export type Verdict = 'in time' | 'head overdue' | 'body overdue' | 'overdue';

/** Decides when the client of a connection has taken too long. */
export class ClientTimeouts {
  readonly #owner: Ticks;
  #activityTick: number;
  /** The tick of the first byte of the current head; -1 between heads. */
  #headTick: number;
  #bodyOverdue = false;
  #writeQueueBytes = 0;

  constructor(owner: Ticks) {
    this.#owner = owner;
    this.#activityTick = owner.tick;
    this.#headTick = owner.tick;
  }

  /** The client has sent or taken something. */
  onActivity(): void {
    this.#activityTick = this.#owner.tick;
  }

  onHeadBegun(): void {
    if (this.#headTick < 0) this.#headTick = this.#owner.tick;
  }

  onHeadEnded(): void {
    this.#headTick = -1;
    this.#bodyOverdue = false;
  }

  /** For a connection that handles no request. */
  checkUnused(): Verdict {
    const { tick, ticks } = this.#owner;
    if (this.#headTick >= 0) return tick - this.#headTick > ticks.head ? 'head overdue' : 'in time';
    return tick - this.#activityTick > ticks.keepAlive ? 'overdue' : 'in time';
  }

  /** For a connection whose current request is `transaction`. Only the time that the client takes counts. */
  check({ body, reply }: Transaction, socket: Socket): Verdict {
    const { tick, ticks } = this.#owner;
    const queued = writeQueueBytes(socket);
    const takes = queued > 0 && queued !== this.#writeQueueBytes;
    this.#writeQueueBytes = queued;
    const waitsForClient =
      socket.writableLength > 0 || (!awaitsContinue(body, reply) && (body?.waitsForClient ?? false));
    if (takes || !waitsForClient) this.#activityTick = tick;
    if (tick - this.#activityTick <= ticks.idle) return 'in time';
    if (this.#bodyOverdue || !reply.unsent) return 'overdue';
    this.#bodyOverdue = true;
    this.#activityTick = tick;
    return 'body overdue';
  }
}
