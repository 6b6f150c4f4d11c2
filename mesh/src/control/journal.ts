import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { visibleJson } from '../visible.ts';

/** One change, or one refused. */
export interface JournalEntry {
  /** RFC 3339. */
  at: string;
  what:
    | 'started'
    | 'weights'
    | 'documents'
    | 'documents refused'
    | 'weights dropped'
    | 'held'
    | 'released'
    | 'workers replaced'
    | 'workers not replaced'
    | 'worker died';
  who: string;
  why: string;
  details: Record<string, unknown>;
}

/** Entries held in memory for the admin API; the file keeps all. */
const heldMax = 500;

/**
 * Every change: what, when, who, why. An entry is appended to a file before the change takes effect; without a folder,
 * entries are kept in memory only.
 */
export class Journal {
  readonly #file: string | null;
  readonly #now: () => number;
  #entries: JournalEntry[] = [];
  /** Bytes of the file before each entry. */
  readonly #before = new WeakMap<JournalEntry, number>();

  constructor(folder: string | null, now: () => number) {
    this.#now = now;
    this.#file = folder === null ? null : join(folder, 'journal.jsonl');
    if (folder !== null) mkdirSync(folder, { recursive: true });
    if (this.#file !== null) this.#entries = readEntries(this.#file).slice(-heldMax);
    // A crash may have cut the last line short: the next entry begins a new one.
    if (this.#file !== null && endsInsideLine(this.#file)) appendFileSync(this.#file, '\n');
  }

  /** @throws the system's error where the entry cannot be written: then the change must not happen either. */
  add(entry: Omit<JournalEntry, 'at'>): JournalEntry {
    const whole: JournalEntry = { at: new Date(this.#now()).toISOString(), ...entry };
    if (this.#file !== null) {
      const handle = openSync(this.#file, 'a');
      const { size } = fstatSync(handle);
      try {
        appendFileSync(handle, `${visibleJson(whole)}\n`);
        fsyncSync(handle);
      } catch (thrown) {
        // A full disk may have taken a part of the line.
        ftruncateSync(handle, size);
        throw thrown;
      } finally {
        closeSync(handle);
      }
      this.#before.set(whole, size);
    }
    this.#entries.push(whole);
    if (this.#entries.length > heldMax) this.#entries.shift();
    return whole;
  }

  /** Removes the last entry: its change could not be made. Does nothing where `entry` is not the last. */
  retract(entry: JournalEntry): void {
    if (this.#entries.at(-1) !== entry) return;
    this.#entries.pop();
    const size = this.#before.get(entry);
    if (this.#file !== null && size !== undefined) truncateSync(this.#file, size);
  }

  /** Newest first. */
  recent(limit = 100): JournalEntry[] {
    return this.#entries.slice(-limit).reverse();
  }
}

/** Leaves out a line that a crash has cut short: that change did not happen. */
function readEntries(file: string): JournalEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalEntry];
    } catch {
      return [];
    }
  });
}

function endsInsideLine(file: string): boolean {
  try {
    const text = readFileSync(file, 'utf8');
    return text !== '' && !text.endsWith('\n');
  } catch {
    return false;
  }
}
