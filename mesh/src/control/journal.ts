import { appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { visibleJson } from '../visible.ts';

/** One change of what the mesh does. */
export interface JournalEntry {
  /** RFC 3339. */
  at: string;
  what:
    | 'started'
    | 'weights'
    | 'documents'
    | 'documents refused'
    | 'weights dropped'
    | 'workers replaced'
    | 'worker died';
  who: string;
  why: string;
  details: Record<string, unknown>;
}

/** Entries held in memory for the admin API; the file keeps all. */
const heldMax = 500;

/** Every change: what, when, who, why. Appended to a file before the change takes effect; in memory only without a folder. */
export class Journal {
  readonly #file: string | null;
  readonly #now: () => number;
  #entries: JournalEntry[] = [];

  constructor(folder: string | null, now: () => number) {
    this.#now = now;
    this.#file = folder === null ? null : join(folder, 'journal.jsonl');
    if (folder !== null) mkdirSync(folder, { recursive: true });
    if (this.#file !== null) this.#entries = readEntries(this.#file).slice(-heldMax);
    // A line of its own for what comes next, where a crash has cut the last one short.
    if (this.#file !== null && endsInsideLine(this.#file)) appendFileSync(this.#file, '\n');
  }

  /** @throws the system's error where the entry cannot be written: then the change must not happen either. */
  add(entry: Omit<JournalEntry, 'at'>): JournalEntry {
    const whole: JournalEntry = { at: new Date(this.#now()).toISOString(), ...entry };
    if (this.#file !== null) {
      const handle = openSync(this.#file, 'a');
      try {
        appendFileSync(handle, `${visibleJson(whole)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    }
    this.#entries.push(whole);
    if (this.#entries.length > heldMax) this.#entries.shift();
    return whole;
  }

  /** Newest first. */
  recent(limit = 100): JournalEntry[] {
    return this.#entries.slice(-limit).reverse();
  }
}

/** A line cut short by a crash is left out: it is the change that did not happen. */
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
