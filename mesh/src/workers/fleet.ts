import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings.ts';
import { type Metrics, periodMs } from '../telemetry/metrics.ts';
import { FleetFigures } from './fleet-figures.ts';
import { Member, type WorkerShown } from './member.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { noReply, Questions } from './questions.ts';
import { Replacement, type ReplacementShown } from './replacement.ts';
import { Respawn, type RespawnOptions } from './respawn.ts';
import { type PrimaryState, StateFeed } from './state-feed.ts';

/** A worker that does not reply to a question within this is left out. */
const replyMsMax = 2000;
/** Time that a worker gets besides draining, to export traces and to write its log. */
const leaveMsMax = 3000;

export interface FleetOptions {
  settings: Settings;
  clock: Clock;
  log: Log;
  /** Of the primary: its own figures, which are added to those of the workers. */
  metrics: Metrics;
  /** What is in force now. */
  state: () => PrimaryState;
  /** A worker ended that was not told to. */
  onDeath: RespawnOptions['onDeath'];
}

/**
 * The workers of a primary (node:cluster): forked, kept up to date, asked, replaced. The primary holds the listening
 * sockets and distributes connections round-robin, so none is lost while workers come and go.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members = new Set<Member>();
  readonly #feed: StateFeed;
  readonly #figures: FleetFigures;
  readonly #respawn: Respawn;
  readonly #replacement: Replacement;
  readonly #questions: Questions;
  readonly #taps = new Map<number, { query: string; onLine: (line: string) => void }>();
  #nextTapId = 1;
  #stopping = false;
  #cancelRotation = () => {};

  constructor(options: FleetOptions) {
    const { settings, clock, log, metrics, state, onDeath } = options;
    this.#options = options;
    const ready = () => this.#in('ready');
    const spawn = () => this.#spawn();
    this.#feed = new StateFeed({
      clock,
      workers: settings.workers,
      state,
      serving: () => this.#in('ready', 'draining'),
    });
    this.#figures = new FleetFigures({ clock, metrics, workers: () => this.list() });
    this.#respawn = new Respawn({ clock, log, onDeath, spawn });
    this.#replacement = new Replacement({ ready, spawn, drain: (member) => this.#drain(member) });
    this.#questions = new Questions(clock);
  }

  /**
   * Forks the workers. Resolves with their ports when all listen.
   *
   * @throws Error where a worker cannot listen, with the `code` of the system's error
   */
  async start(): Promise<ReadonlyMap<string, number>> {
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.ts', import.meta.url)),
      args: [],
      serialization: 'advanced',
    });
    try {
      await Promise.all(Array.from({ length: this.#options.settings.workers }, () => this.#spawn()));
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    const rotate = () => {
      this.#tell({ kind: 'rotate' });
      // Fetched regularly, so that little of what a worker has counted is lost when it dies.
      void this.metrics();
      this.#cancelRotation = this.#options.clock.after(periodMs, rotate);
    };
    this.#cancelRotation = this.#options.clock.after(periodMs, rotate);
    return this.#in('ready')[0]?.ports ?? new Map();
  }

  get ready(): number {
    return this.#in('ready').length;
  }

  /** The workers that take requests: also those that drain, on the connections that they have. */
  get serving(): number {
    return this.#in('ready', 'draining').length;
  }

  list(): WorkerShown[] {
    return [...this.#members].map((member) => member.shown());
  }

  /** Something that workers must know has changed. Several changes of one moment go out together. */
  get publish(): () => void {
    return this.#feed.publish;
  }

  /** Resolves when every worker has in force what is in force here. A worker that takes too long is replaced. */
  settled(): Promise<void> {
    return this.#feed.settled();
  }

  /** The replies of the workers to a read operation of the admin API. Workers that do not reply are left out. */
  async ask(path: string, params: Record<string, string>, query: URLSearchParams): Promise<unknown[]> {
    const text = query.toString();
    return this.#askAll((id) => ({ kind: 'ask', id, path, params, query: text }));
  }

  /** The figures of the primary, of all workers, and of those that have ended, added up. */
  async metrics(): Promise<Metrics> {
    await this.#askAll((id) => ({ kind: 'metrics', id }));
    return this.#figures.merged([...this.#members].flatMap(({ metrics }) => metrics ?? []));
  }

  /** Watches the requests at all workers, later ones included. The function returned ends that. */
  tap(query: URLSearchParams, onLine: (line: string) => void): () => void {
    const id = this.#nextTapId++;
    const text = query.toString();
    this.#taps.set(id, { query: text, onLine });
    this.#tell({ kind: 'tap', id, query: text });
    return () => {
      this.#taps.delete(id);
      this.#tell({ kind: 'untap', id });
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
    return this.#replacement.run();
  }

  get replacement(): ReplacementShown {
    return this.#replacement.shown;
  }

  /** Drains every worker. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRotation();
    this.#respawn.stop();
    this.#replacement.stop();
    await Promise.all([...this.#members].map((member) => this.#drain(member)));
  }

  /** Resolves when the new worker listens. */
  #spawn(): Promise<void> {
    const member = new Member(this.#options.clock, {
      onMessage: (from, message) => this.#take(from, message),
      onExit: (from, how) => this.#exited(from, how),
    });
    this.#members.add(member);
    return member.listening;
  }

  #take(member: Member, message: FromWorker): void {
    switch (message.kind) {
      case 'hello':
        // A worker may be told to drain before it has begun.
        if (member.state === 'draining') member.kill('not needed');
        else member.send({ kind: 'start', settings: this.#options.settings, state: this.#feed.stateFor(member) });
        break;
      case 'ready':
        this.#becomeReady(member, new Map(message.ports));
        break;
      case 'failed':
        member.failed(Object.assign(new Error(message.message), { code: message.code ?? undefined }));
        break;
      case 'confirmed':
        member.confirmations.confirm(message.number);
        this.#feed.look();
        break;
      case 'refused':
        this.#options.log.error({ pid: member.pid, why: message.message }, 'worker refused a change');
        member.kill('refused');
        break;
      case 'reply':
        this.#questions.replied(message.id, message.json);
        break;
      case 'unsettled':
        void this.#tellOthers(member, message.key).then(() => member.send({ kind: 'told', id: message.id }));
        break;
      case 'metrics':
        member.metrics = message.metrics;
        this.#questions.replied(message.id, message.metrics);
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
    member.listens(ports);
    member.confirmations.confirmFirst();
    this.#feed.look();
    for (const [id, { query }] of this.#taps) member.send({ kind: 'tap', id, query });
    this.#options.log.info({ pid: member.pid }, 'worker ready');
    member.started();
    // What has changed while it started.
    this.#feed.send(member);
  }

  /** Resolves when every other worker that takes requests knows. One that starts finds out by itself. */
  async #tellOthers(than: Member, key: string): Promise<void> {
    const others = [...this.#members].filter((member) => member !== than);
    // A worker may listen before its message says so.
    for (const member of others) if (member.state === 'starting') member.send({ kind: 'unsettled', id: 0, key });
    await this.#askThese(
      others.filter(({ state }) => state !== 'starting'),
      (id) => ({ kind: 'unsettled', id, key }),
    );
  }

  #askAll(question: (id: number) => ToWorker): Promise<unknown[]> {
    return this.#askThese(this.#in('ready', 'draining'), question);
  }

  async #askThese(members: readonly Member[], question: (id: number) => ToWorker): Promise<unknown[]> {
    const replies = await Promise.all(
      members.map((member) => this.#questions.ask(member, replyMsMax, (id) => member.send(question(id)))),
    );
    return replies.filter((reply) => reply !== noReply && reply !== null);
  }

  /** Resolves when it has exited. */
  async #drain(member: Member): Promise<void> {
    if (!this.#members.has(member)) return;
    const exited = member.drain(this.#options.settings.drainMs + leaveMsMax);
    this.#feed.look();
    await exited;
  }

  #exited(member: Member, how: string): void {
    const { log, clock } = this.#options;
    this.#members.delete(member);
    if (member.metrics !== null) this.#figures.retire(member.metrics);
    this.#questions.left(member);
    const reason = member.exited(how);
    this.#feed.look();
    const { pid } = member;
    if (reason === null) {
      log.info({ pid }, 'worker has drained');
      return;
    }
    this.#figures.died(reason);
    // A worker that was to leave is not replaced; one that did not start is replaced by the caller that started it.
    if (this.#stopping || member.state !== 'ready') return;
    this.#respawn.died({ pid, reason: `${reason} (${how})` }, clock.now() - member.startedAtMs);
  }

  #in(...states: WorkerShown['state'][]): Member[] {
    return [...this.#members].filter(({ state }) => states.includes(state));
  }

  /** Sends `message` to every ready worker. */
  #tell(message: ToWorker): void {
    for (const member of this.#in('ready')) member.send(message);
  }
}
