import type { Clock } from '../clock.ts';
import type { Counter } from './families.ts';
import type { Metrics } from './metrics.ts';
import type { RequestFilter, Seen } from './request-filter.ts';

/** The maximum of watchers at a time. */
export const watchersMax = 8;
/** The maximum of bytes that wait for one watcher; further lines are dropped and counted. */
export const waitingBytesMax = 256 * 1024;
/** A watcher that takes nothing for this long is cut. */
export const stalledMs = 10_000;
/** Default maximum of lines a second for one watcher. */
export const perSecondDefault = 1000;
const aliveMs = 15_000;

/** Receives the lines of one watcher. */
export interface TapSink {
  write(line: string): void;
  /** Bytes written that have not been sent yet. */
  waitingBytes(): number;
  /** Ends the stream: cleanly, or at once because the watcher takes nothing. */
  end(cut: boolean): void;
}

interface Watcher {
  filter: RequestFilter;
  sink: TapSink;
  perSecond: number;
  /** Lines of the second in `second`. */
  linesThisSecond: number;
  second: number;
  /** Dropped since the last line. */
  dropped: number;
  /** Monotonic ms since which nothing was sent; null while bytes are being sent. */
  stalledSinceMs: number | null;
  waitingBefore: number;
}

/** Live requests for watchers: bounded in watchers, lines and bytes, and free of cost without watchers. */
export class Tap {
  readonly #clock: Clock;
  readonly #watchers = new Set<Watcher>();
  readonly #dropped: (reason: string) => Counter;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#dropped = metrics.counter('mesh_tap_dropped_total', 'Lines that watchers of `mesh tap` did not get.', [
      'reason',
    ]);
    metrics.gauge('mesh_tap_watchers', 'Watchers of `mesh tap` now.', [], () => [
      { values: [], value: this.#watchers.size },
    ]);
  }

  /** Whether there is a watcher: the data plane checks it before any work for a line. */
  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  /** False when no more watchers are accepted. */
  get open(): boolean {
    return !this.#closed && this.#watchers.size < watchersMax;
  }

  /** Adds a watcher. The returned function removes it. */
  watch(filter: RequestFilter, sink: TapSink, perSecond: number): () => void {
    const watcher: Watcher = {
      filter,
      sink,
      perSecond,
      linesThisSecond: 0,
      second: 0,
      dropped: 0,
      stalledSinceMs: null,
      waitingBefore: 0,
    };
    this.#watchers.add(watcher);
    // At once, so that the watcher sees that it is connected.
    sink.write(aliveLine(0));
    this.#keepAlive();
    return () => this.#leave(watcher);
  }

  /**
   * Offers a finished request. `line` is called for the first watcher whose filter matches: JSON without a line feed.
   */
  offer(seen: Seen, line: () => string): void {
    let made: string | null = null;
    for (const watcher of this.#watchers) {
      if (!watcher.filter(seen)) continue;
      if (!this.#admits(watcher)) continue;
      made ??= `${line()}\n`;
      if (watcher.dropped > 0) watcher.sink.write(aliveLine(watcher.dropped));
      watcher.dropped = 0;
      watcher.sink.write(made);
    }
  }

  /** Removes all watchers. */
  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) {
      this.#leave(watcher);
      watcher.sink.end(false);
    }
  }

  #admits(watcher: Watcher): boolean {
    const nowMs = this.#clock.now();
    const second = Math.floor(nowMs / 1000);
    if (second !== watcher.second) {
      watcher.second = second;
      watcher.linesThisSecond = 0;
    }
    if (watcher.linesThisSecond >= watcher.perSecond) return this.#drop(watcher, 'rate');
    if (watcher.sink.waitingBytes() > waitingBytesMax) return this.#drop(watcher, 'slow');
    watcher.linesThisSecond += 1;
    return true;
  }

  #drop(watcher: Watcher, reason: 'rate' | 'slow'): false {
    watcher.dropped += 1;
    this.#dropped(reason).value += 1;
    return false;
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Checks the watchers: sends quiet ones a sign of life, and cuts those that take nothing. */
  #keepAlive(): void {
    let quietMs = 0;
    const look = () => {
      quietMs += 1000;
      for (const watcher of this.#watchers) this.#look(watcher, quietMs >= aliveMs);
      if (quietMs >= aliveMs) quietMs = 0;
      this.#cancelTimer = this.#watchers.size === 0 ? null : this.#clock.after(1000, look);
    };
    this.#cancelTimer ??= this.#clock.after(1000, look);
  }

  #look(watcher: Watcher, tell: boolean): void {
    const waiting = watcher.sink.waitingBytes();
    const nowMs = this.#clock.now();
    if (waiting === 0 || waiting < watcher.waitingBefore) watcher.stalledSinceMs = null;
    else watcher.stalledSinceMs ??= nowMs;
    watcher.waitingBefore = waiting;
    if (watcher.stalledSinceMs !== null && nowMs - watcher.stalledSinceMs >= stalledMs) {
      this.#dropped('cut').value += 1;
      this.#leave(watcher);
      watcher.sink.end(true);
      return;
    }
    if (!tell || waiting > waitingBytesMax) return;
    watcher.sink.write(aliveLine(watcher.dropped));
    watcher.dropped = 0;
  }
}

/** Sends a sign of life, with the number of lines dropped since the last one. */
function aliveLine(dropped: number): string {
  return `{"event":"alive","dropped":${dropped}}\n`;
}
