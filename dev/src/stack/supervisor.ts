import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { DevError, messageOf } from '../errors.ts';
import type { Launch } from '../launch.ts';
import { until } from '../until.ts';
import { endedBy } from './ended.ts';
import type { Emit } from './events.ts';
import type { Guard } from './guard.ts';
import { lastError, lastLine } from './logs.ts';

/**
 * `waiting`: not started yet. `down`: unavailable, see `reason`. `stopped`: by request. `crashed`: ended by itself,
 * restarts after a pause. `done`, `failed`: the results of a task; a process is `failed` when it runs and will never be
 * ready.
 */
export type ProcessState = 'waiting' | 'starting' | 'ready' | 'crashed' | 'stopped' | 'down' | 'done' | 'failed';

export interface SupervisedOptions {
  name: string;
  task: boolean;
  url: string | null;
  logFile: string;
  guard: Guard;
  emit: Emit;
  /** Made anew for each start, so that a changed environment takes effect. */
  launch: () => Launch;
  /** Limit for becoming ready, or for a task's whole run, in milliseconds. */
  readyTimeoutMs: number;
  /** First pause before a crashed process is started again; doubles up to 15 s. */
  firstPauseMs?: number;
}

const longestPauseMs = 15_000;
/** A process that was ready for this long starts again with the first pause. */
const calmMs = 30_000;

/** One process under supervision: started, watched until ready, started again when it crashes, stopped. */
export class Supervised {
  readonly name: string;
  readonly url: string | null;
  state: ProcessState = 'waiting';
  reason = '';
  pid: number | null = null;
  restarts = 0;
  readonly #options: SupervisedOptions;
  #child: ChildProcess | null = null;
  #exit: Promise<void> = Promise.resolve();
  #crashes = 0;
  /** Of the last crash: `reason` is empty again while the next start is under way. */
  #crashReason = '';
  /** Of a task: it ended with exit code 0. */
  #succeeded = false;
  #pauseMs: number;
  #readySince = 0;
  /** Where in the log file the latest start begins, in bytes. */
  #logStart = 0;
  #retry: NodeJS.Timeout | null = null;
  /** Counts starts: results of an earlier start are ignored. */
  #generation = 0;

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.url = options.url;
    this.#options = options;
    this.#pauseMs = options.firstPauseMs ?? 500;
  }

  /** Why it is not ready: also between a crash and the next start, or during that start. */
  get why(): string {
    return this.reason || this.#crashReason || `${this.state}, not ready`;
  }

  /** Marks the process as unavailable. */
  markDown(reason: string): void {
    this.state = 'down';
    this.reason = reason;
    this.#options.emit({ event: 'down', process: this.name, reason });
  }

  /**
   * Starts, and resolves when ready (a task: when it succeeded).
   * @throws DevError command_failed when it is not ready in time, crashes three times, or a task ends badly; a process
   * is then still supervised and started again.
   */
  async start(): Promise<void> {
    if (this.#child !== null) return;
    this.#cancelRetry();
    const { name, readyTimeoutMs } = this.#options;
    const crashesBefore = this.#crashes;
    await this.#launch('ready');
    const settled = () => !['starting', 'crashed'].includes(this.state) || this.#crashes - crashesBefore >= 3;
    await until(settled, { limitMs: readyTimeoutMs }).catch(() => {});
    if (this.state === 'ready' || this.state === 'done') return;
    throw new DevError(
      'command_failed',
      `${name}: ${this.reason || this.#crashReason || `not ready after ${readyTimeoutMs / 1000} s`}`,
    );
  }

  /** Ends the process gracefully, by force after its grace, and keeps it down until `start`. */
  async stop(): Promise<void> {
    this.#cancelRetry();
    this.#generation++;
    const child = this.#child;
    const wasDown = this.state === 'down';
    if (!wasDown && this.state !== 'done') this.state = 'stopped';
    if (child === null) return;
    const launch = this.#options.launch();
    this.#signal(launch.stopSignal, launch.signalGroup);
    const force = setTimeout(() => this.#signal('SIGKILL', launch.signalGroup), launch.stopGraceMs);
    await this.#exit;
    clearTimeout(force);
    this.#options.emit({ event: 'stopped', process: this.name });
  }

  /** Ends the process at once, as a crash would, and keeps it down until `start`. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#cancelRetry();
    this.#generation++;
    if (this.#child === null) return;
    this.state = 'stopped';
    this.#signal(signal, this.#options.launch().signalGroup);
    await this.#exit;
    this.#options.emit({ event: 'stopped', process: this.name });
  }

  /** Starts once and watches until ready; a failure is in `state` and `reason`. */
  async #launch(announce: 'ready' | 'restarted'): Promise<void> {
    const { name, task, emit, readyTimeoutMs } = this.#options;
    const launch = this.#options.launch();
    const generation = ++this.#generation;
    const startedAt = performance.now();
    this.state = 'starting';
    this.reason = '';
    const child = this.#spawn(launch);
    const pid = child.pid;
    if (pid === undefined) return this.#exit;
    this.pid = pid;
    emit({ event: 'starting', process: name, pid });
    const current = () => generation === this.#generation && this.#child === child;
    if (task) await withLimit(this.#exit, readyTimeoutMs);
    else if (launch.ready !== null) {
      const ready = launch.ready;
      await until(async () => !current() || (await ready()), { limitMs: readyTimeoutMs }).catch((error: unknown) => {
        if (!(error instanceof DevError) || error.code === 'command_failed') return;
        this.reason = error.message;
        this.state = 'failed';
      });
    }
    const ms = Math.round(performance.now() - startedAt);
    if (task && this.#succeeded) {
      emit({ event: 'done', process: name, ms, lastLine: lastLine(this.#options.logFile, this.#logStart) });
    }
    // Stopped, started anew or crashed while this start was waited for; or it runs and was never ready.
    if (task || !current() || performance.now() - startedAt > readyTimeoutMs || this.reason !== '') return;
    this.state = 'ready';
    this.#readySince = performance.now();
    emit({ event: announce, process: name, pid, url: this.url, ms });
  }

  #spawn(launch: Launch): ChildProcess {
    const { guard, logFile } = this.#options;
    // The file itself, not a pipe through the launcher: logging costs the launcher nothing, and goes on if it dies.
    const log = openSync(logFile, 'a');
    this.#logStart = fstatSync(log).size;
    const ids = launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid };
    // A session of its own: Ctrl-C reaches the launcher alone, which then stops everything in order.
    const child = spawn(launch.file, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...ids,
    });
    closeSync(log);
    this.#child = child;
    const target = child.pid === undefined ? null : launch.signalGroup ? -child.pid : child.pid;
    if (target !== null) guard.add(target, launch.stopSignal);
    this.#exit = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, why: string) => {
        if (this.#child !== child) return;
        if (target !== null) guard.drop(target);
        this.#child = null;
        this.pid = null;
        this.#ended(child.pid, code, signal, why);
        resolve();
      };
      child.once('error', (error) => end(null, null, messageOf(error)));
      child.once('exit', (code, signal) => end(code, signal, ''));
    });
    return child;
  }

  #ended(pid: number | undefined, code: number | null, signal: NodeJS.Signals | null, why: string): void {
    const { name, task, emit, logFile } = this.#options;
    if (this.state === 'stopped') return;
    const said = why || lastError(logFile, this.#logStart);
    this.reason = endedBy(code, signal, said);
    if (task) {
      this.#succeeded = code === 0;
      this.state = this.#succeeded ? 'done' : 'failed';
      if (this.#succeeded) this.reason = '';
      if (this.#succeeded) return;
    }
    emit({ event: 'exited', process: name, pid: pid ?? 0, code, signal, lastLine: said });
    this.#crashReason = this.reason;
    if (!task) this.#restartLater();
  }

  #restartLater(): void {
    const calm = this.state === 'ready' && performance.now() - this.#readySince > calmMs;
    const first = this.#options.firstPauseMs ?? 500;
    this.#crashes++;
    const pauseMs = calm ? first : this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    this.state = 'crashed';
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.restarts++;
      void this.#launch('restarted');
    }, pauseMs);
  }

  #signal(signal: NodeJS.Signals, group: boolean): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(group ? -pid : pid, signal);
    } catch {
      // It ended in this very moment.
    }
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }
}

async function withLimit(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
