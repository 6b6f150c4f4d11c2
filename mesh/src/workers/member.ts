import cluster, { type Worker } from 'node:cluster';
import type { Clock } from '../clock.ts';
import type { MetricsCopy } from '../telemetry/metrics.ts';
import { Confirmations } from './confirmations.ts';
import { whenGone } from './last-message.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** A worker that does not listen after this is killed. */
export const startMsMax = 30_000;

/** A worker, as `GET /workers` shows it. */
export interface WorkerShown {
  pid: number;
  state: 'starting' | 'ready' | 'draining';
  since: string;
  /** Of the configuration that it has confirmed. */
  generation: number;
}

export interface MemberEvents {
  onMessage: (member: Member, message: FromWorker) => void;
  /** It has ended, and all its messages have been read. `how`: the signal or the exit code. */
  onExit: (member: Member, how: string) => void;
}

/** One worker of the primary, from its fork to its exit. */
export class Member {
  readonly startedAtMs: number;
  readonly confirmations = new Confirmations();
  /** The last figures that it has sent. */
  metrics: MetricsCopy | null = null;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #since: string;
  readonly #listening = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #cancelStart: () => void;
  #state: WorkerShown['state'] = 'starting';
  #ports: ReadonlyMap<string, number> = new Map();
  #killed: string | null = null;

  constructor(clock: Clock, { onMessage, onExit }: MemberEvents) {
    this.#clock = clock;
    this.startedAtMs = clock.now();
    this.#since = new Date(clock.wall()).toISOString();
    this.#worker = cluster.fork();
    this.#cancelStart = clock.after(startMsMax, () => this.kill('did not start'));
    this.#worker.on('message', (message: FromWorker) => onMessage(this, message));
    whenGone(this.#worker, (how) => onExit(this, how));
    // A message to a worker that has just died: the exit event handles that.
    this.#worker.on('error', () => {});
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  get state(): WorkerShown['state'] {
    return this.#state;
  }

  /** Why the primary has killed it; null where it has not. */
  get killed(): string | null {
    return this.#killed;
  }

  /** By entrance name; empty until it listens. */
  get ports(): ReadonlyMap<string, number> {
    return this.#ports;
  }

  /** Resolves when it listens. Rejects with an Error, with the `code` of the system's error, when it cannot. */
  get listening(): Promise<void> {
    return this.#listening.promise;
  }

  shown(): WorkerShown {
    return { pid: this.pid, state: this.#state, since: this.#since, generation: this.confirmations.generation };
  }

  send(message: ToWorker): void {
    if (this.#worker.isConnected()) this.#worker.send(message);
  }

  listens(ports: ReadonlyMap<string, number>): void {
    this.#cancelStart();
    if (this.#state === 'starting') this.#state = 'ready';
    this.#ports = ports;
  }

  /** Resolves `listening`. */
  started(): void {
    this.#listening.resolve();
  }

  failed(error: Error): void {
    this.#listening.reject(error);
  }

  kill(why: string): void {
    this.#killed = why;
    this.#worker.process.kill('SIGKILL');
  }

  /** Tells it to drain. Resolves when it has exited; kills it after `msMax`. */
  async drain(msMax: number): Promise<void> {
    this.#state = 'draining';
    const cancel = this.#clock.after(msMax, () => this.kill('did not drain'));
    this.send({ kind: 'drain' });
    await this.#exited.promise;
    cancel();
  }

  /**
   * Notes its exit.
   *
   * @param how the signal or the exit code
   * @returns why it died; null where it has drained
   */
  exited(how: string): string | null {
    this.#cancelStart();
    this.#exited.resolve();
    if (this.#state === 'draining' && this.#killed === null) return null;
    this.failed(
      new Error(
        this.#killed === 'did not start'
          ? `A worker did not listen within ${startMsMax / 1000} s, and was killed.`
          : `A worker ended before it listened (${how}).`,
      ),
    );
    return this.#killed ?? (this.#state === 'starting' ? 'did not start' : 'died');
  }
}
