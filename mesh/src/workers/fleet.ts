import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import type { MeshConfig } from '../config/model.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';
import { mergedMetrics, ofTheDead } from '../telemetry/merged-metrics.ts';
import { type Metrics, type MetricsCopy, turnMs } from '../telemetry/metrics.ts';
import type { FromWorker, KnownEndpoints, ToWorker, WorkerState } from './messages.ts';
import { noAnswer, Questions } from './questions.ts';
import { shareOf } from './share.ts';

/** A worker that has not put a change in force after this is taken for hung, and replaced. */
export const confirmMs = 5000;
/** A worker that does not listen after this is killed. */
export const startMsMax = 30_000;
/** A worker that does not answer a question within this is left out of the answer. */
const answerMs = 2000;
/** The first replacement comes at once; then this, doubled each time, up to the maximum. */
const backoffMs = 100;
const backoffMsMax = 10_000;
/** A worker that lived so long ends the count of failures. */
const stableMs = 30_000;

export interface FleetOptions {
  settings: Settings;
  clock: Clock;
  log: Log;
  /** Of the primary: its own figures, which are added to those of the workers. */
  metrics: Metrics;
  /** What is in force now. */
  state: () => { config: MeshConfig; generation: number; endpoints: KnownEndpoints[] };
  /** A worker ended that was not told to. */
  onDeath: (details: { pid: number; reason: string; restartInMs: number }) => void;
}

/** A worker, as `GET /workers` shows it. */
export interface WorkerShown {
  pid: number;
  state: 'starting' | 'ready' | 'draining';
  since: string;
  /** Of the configuration that it has confirmed. */
  generation: number;
}

/** The replacement of all workers that goes on, or the last one that there was. */
export interface Replacement {
  underWay: boolean;
  /** Why the old workers have stayed; null where they have not, or not yet. */
  failure: string | null;
}

interface Member {
  worker: Worker;
  state: WorkerShown['state'];
  since: string;
  startedAtMs: number;
  sentGeneration: number;
  /** Generation by the number of the state that is to be confirmed. */
  sent: Map<number, number>;
  generation: number;
  confirmed: number;
  metrics: MetricsCopy | null;
  ports: ReadonlyMap<string, number>;
  /** Why it was killed, where it was. */
  killed: string | null;
  onReady: { resolve: () => void; reject: (error: Error) => void };
  cancelStart: () => void;
  exit: { promise: Promise<void>; resolve: () => void };
}

/**
 * The workers of a primary (node:cluster): forked, kept up to date, asked, replaced. The primary holds the listening
 * sockets and hands connections out in turn, so none is lost while workers come and go.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members = new Set<Member>();
  readonly #questions: Questions;
  readonly #taps = new Map<number, { query: string; onLine: (line: string) => void }>();
  readonly #waiting = new Set<() => void>();
  readonly #restarts = new Set<() => void>();
  #nextId = 1;
  #number = 0;
  #dirty = false;
  #failures = 0;
  #stopping = false;
  #replacing: Promise<void> | null = null;
  #replacementFailure: string | null = null;
  #retired: MetricsCopy | null = null;
  #deaths = new Map<string, number>();
  #cancelTurn = () => {};

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#questions = new Questions(options.clock);
    const { metrics } = options;
    metrics.gauge('mesh_workers', 'Worker processes, by state.', ['state'], () =>
      (['starting', 'ready', 'draining'] as const).map((state) => ({ values: [state], value: this.#in(state).length })),
    );
    const deaths = () => [...this.#deaths].map(([reason, value]) => ({ values: [reason], value }));
    metrics.gauge(
      'mesh_worker_deaths_total',
      'Worker processes that ended without being told to, by cause.',
      ['reason'],
      deaths,
      'counter',
    );
  }

  /** Forks the workers. Resolves with their ports when all listen. @throws Error with the `code` of a worker that could not */
  async start(): Promise<ReadonlyMap<string, number>> {
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.ts', import.meta.url)),
      args: [],
      serialization: 'advanced',
    });
    try {
      await Promise.all(Array.from({ length: this.#options.settings.workers }, () => this.#spawn().ready));
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    const turn = () => {
      for (const member of this.#in('ready')) this.#send(member, { kind: 'turn' });
      // So that little is lost of what a worker has counted when it dies.
      void this.metrics();
      this.#cancelTurn = this.#options.clock.after(turnMs, turn);
    };
    this.#cancelTurn = this.#options.clock.after(turnMs, turn);
    return this.#in('ready')[0]?.ports ?? new Map();
  }

  get ready(): number {
    return this.#in('ready').length;
  }

  list(): WorkerShown[] {
    return [...this.#members].map(({ worker, state, since, generation }) => ({
      pid: worker.process.pid ?? 0,
      state,
      since,
      generation,
    }));
  }

  /** Something that workers must know has changed. Several changes of one moment go out together. */
  readonly publish = (): void => {
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => this.#flush());
  };

  /** Resolves when every worker has in force what is in force here. A worker that takes too long is replaced. */
  async settled(): Promise<void> {
    this.#flush();
    const number = this.#number;
    const behind = () => this.#in('ready').filter(({ confirmed }) => confirmed < number);
    if (behind().length === 0) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (behind().length > 0) return;
        cancel();
        this.#waiting.delete(look);
        resolve();
      };
      const cancel = this.#options.clock.after(confirmMs, () => {
        for (const member of behind()) this.#kill(member, 'hung');
      });
      this.#waiting.add(look);
    });
  }

  /** What every worker answers to a read operation of the admin API; those that do not answer are left out. */
  async ask(path: string, params: Record<string, string>, query: URLSearchParams): Promise<unknown[]> {
    const text = query.toString();
    return this.#askAll((id) => ({ kind: 'ask', id, path, params, query: text }));
  }

  /** The figures of the primary, of all workers, and of those that have ended, added up. */
  async metrics(): Promise<Metrics> {
    await this.#askAll((id) => ({ kind: 'metrics', id }));
    const now = this.#options.clock.now();
    const copies = [...this.#members].flatMap(({ metrics }) => metrics ?? []);
    const retired = this.#retired === null ? [] : [this.#retired];
    return mergedMetrics([this.#options.metrics.copy(now), ...copies, ...retired], now);
  }

  /** Lets somebody watch requests at all workers, new ones too. The function returned ends that. */
  tap(query: URLSearchParams, onLine: (line: string) => void): () => void {
    const id = this.#nextId++;
    const text = query.toString();
    this.#taps.set(id, { query: text, onLine });
    for (const member of this.#in('ready')) this.#send(member, { kind: 'tap', id, query: text });
    return () => {
      this.#taps.delete(id);
      for (const member of this.#in('ready')) this.#send(member, { kind: 'untap', id });
    };
  }

  get taps(): number {
    return this.#taps.size;
  }

  /**
   * Replaces the workers one after the other: the new one listens before the old one drains. A second call while one
   * goes on waits for that one.
   *
   * @throws Error where a new worker cannot start: then the old ones stay
   */
  replace(): Promise<void> {
    this.#replacing ??= this.#replaceAll().finally(() => {
      this.#replacing = null;
    });
    return this.#replacing;
  }

  get replacement(): Replacement {
    return { underWay: this.#replacing !== null, failure: this.#replacementFailure };
  }

  /** Drains every worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelTurn();
    for (const cancel of this.#restarts) cancel();
    await Promise.all([...this.#members].map((member) => this.#drain(member)));
  }

  async #replaceAll(): Promise<void> {
    this.#replacementFailure = null;
    try {
      for (const old of this.#in('ready')) {
        if (this.#stopping) return;
        await this.#spawn().ready;
        await this.#drain(old);
      }
    } catch (thrown) {
      this.#replacementFailure = (thrown as Error).message;
      throw thrown;
    }
  }

  #spawn(): { ready: Promise<void> } {
    const { clock } = this.#options;
    let onReady: Member['onReady'] = { resolve: () => {}, reject: () => {} };
    const ready = new Promise<void>((resolve, reject) => {
      onReady = { resolve, reject };
    });
    const member: Member = {
      worker: cluster.fork(),
      state: 'starting',
      since: new Date(clock.wall()).toISOString(),
      startedAtMs: clock.now(),
      sentGeneration: 0,
      sent: new Map(),
      generation: 0,
      confirmed: 0,
      metrics: null,
      ports: new Map(),
      killed: null,
      onReady,
      cancelStart: clock.after(startMsMax, () => this.#kill(member, 'did not start')),
      exit: Promise.withResolvers<void>(),
    };
    this.#members.add(member);
    member.worker.on('message', (message: FromWorker) => this.#take(member, message));
    member.worker.on('exit', (code, signal) => this.#exited(member, signal ?? `exit code ${code}`));
    // A message to a worker that has just died: its exit is what counts.
    member.worker.on('error', () => {});
    return { ready };
  }

  #take(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        // Told to go before it had begun.
        if (member.state === 'draining') this.#kill(member, 'not needed');
        else this.#send(member, { kind: 'start', settings: this.#options.settings, state: this.#stateFor(member) });
        break;
      case 'ready':
        this.#becomeReady(member, new Map(message.ports));
        break;
      case 'failed':
        member.onReady.reject(Object.assign(new Error(message.message), { code: message.code ?? undefined }));
        break;
      case 'confirmed':
        this.#confirmed(member, message.number);
        break;
      case 'refused':
        this.#options.log.error({ pid: member.worker.process.pid, why: message.message }, 'worker refused a change');
        this.#kill(member, 'refused');
        break;
      case 'answer':
        this.#questions.answered(message.id, message.json);
        break;
      case 'metrics':
        member.metrics = message.metrics;
        this.#questions.answered(message.id, message.metrics);
        break;
      case 'line':
        this.#taps.get(message.id)?.onLine(message.line);
        break;
      case 'bye':
        member.metrics = message.metrics;
        break;
    }
  }

  #becomeReady(member: Member, ports: ReadonlyMap<string, number>): void {
    member.cancelStart();
    member.state = member.state === 'starting' ? 'ready' : member.state;
    member.ports = ports;
    for (const number of [...member.sent.keys()].slice(0, 1)) this.#confirmed(member, number);
    for (const [id, { query }] of this.#taps) this.#send(member, { kind: 'tap', id, query });
    this.#options.log.info({ pid: member.worker.process.pid }, 'worker ready');
    member.onReady.resolve();
    // What has changed while it started.
    this.#sendState(member);
  }

  #confirmed(member: Member, number: number): void {
    member.confirmed = Math.max(member.confirmed, number);
    member.generation = member.sent.get(number) ?? member.generation;
    member.sent.delete(number);
    for (const look of [...this.#waiting]) look();
  }

  #flush(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#number += 1;
    for (const member of this.#in('ready')) this.#sendState(member);
  }

  #sendState(member: Member): void {
    this.#send(member, { kind: 'state', state: this.#stateFor(member) });
  }

  #stateFor(member: Member): WorkerState {
    const { config, generation, endpoints } = this.#options.state();
    const known = member.sentGeneration === generation;
    member.sentGeneration = generation;
    member.sent.set(this.#number, generation);
    const { workers } = this.#options.settings;
    return { number: this.#number, generation, config: known ? null : shareOf(config, workers), endpoints };
  }

  async #askAll(question: (id: number) => ToWorker): Promise<unknown[]> {
    const answers = await Promise.all(
      this.#in('ready', 'draining').map((member) =>
        this.#questions.ask(member, answerMs, (id) => this.#send(member, question(id))),
      ),
    );
    return answers.filter((answer) => answer !== noAnswer && answer !== null);
  }

  /** Resolves when it has exited. */
  async #drain(member: Member): Promise<void> {
    const { settings, clock } = this.#options;
    if (!this.#members.has(member)) return;
    member.state = 'draining';
    for (const look of [...this.#waiting]) look();
    // What it still has to do besides draining: export traces, write its log.
    const cancel = clock.after(settings.drainMs + 3000, () => this.#kill(member, 'did not drain'));
    this.#send(member, { kind: 'drain' });
    await member.exit.promise;
    cancel();
  }

  #kill(member: Member, why: string): void {
    member.killed = why;
    member.worker.process.kill('SIGKILL');
  }

  #exited(member: Member, how: string): void {
    const { log, clock, onDeath } = this.#options;
    this.#members.delete(member);
    if (member.metrics !== null) this.#retire(member.metrics);
    member.cancelStart();
    this.#questions.left(member);
    member.exit.resolve();
    for (const look of [...this.#waiting]) look();
    const pid = member.worker.process.pid ?? 0;
    if (member.state === 'draining' && member.killed === null) {
      log.info({ pid }, 'worker has drained');
      return;
    }
    const reason = member.killed ?? (member.state === 'starting' ? 'did not start' : 'died');
    this.#deaths.set(reason, (this.#deaths.get(reason) ?? 0) + 1);
    member.onReady.reject(
      new Error(
        member.killed === 'did not start'
          ? `A worker did not listen within ${startMsMax / 1000} s, and was killed.`
          : `A worker ended before it listened (${how}).`,
      ),
    );
    // One that was to go, or that somebody waits for, is not replaced.
    if (this.#stopping || member.state !== 'ready') return;
    if (clock.now() - member.startedAtMs >= stableMs) this.#failures = 0;
    this.#respawn({ pid, reason: `${reason} (${how})` }, onDeath);
  }

  #respawn(died: { pid: number; reason: string }, onDeath: FleetOptions['onDeath']): void {
    const { log, clock } = this.#options;
    const restartInMs = this.#failures === 0 ? 0 : Math.min(backoffMsMax, backoffMs * 2 ** (this.#failures - 1));
    this.#failures += 1;
    log.error({ ...died, restartInMs }, 'worker died');
    onDeath({ ...died, restartInMs });
    const cancel = clock.after(restartInMs, () => {
      this.#restarts.delete(cancel);
      this.#spawn().ready.catch((thrown: Error) => {
        if (!this.#stopping) this.#respawn({ pid: 0, reason: thrown.message }, onDeath);
      });
    });
    this.#restarts.add(cancel);
  }

  #retire(metrics: MetricsCopy): void {
    const now = this.#options.clock.now();
    const before = this.#retired === null ? [] : [this.#retired];
    this.#retired = mergedMetrics([...before, ofTheDead(metrics)], now).copy(now);
  }

  #in(...states: WorkerShown['state'][]): Member[] {
    return [...this.#members].filter(({ state }) => states.includes(state));
  }

  #send(member: Member, message: ToWorker): void {
    if (member.worker.isConnected()) member.worker.send(message);
  }
}
