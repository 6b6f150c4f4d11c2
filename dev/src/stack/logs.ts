import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { recordOf, severityOfError } from './log-record.ts';

const largestBytes = 16 * 1024 * 1024;

/** Keeps one older file beside a log that has grown large; called while no process writes to it. */
export function rotate(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestBytes) renameSync(file, `${file}.1`);
}

/**
 * The last message of a log, shortened: the message of a JSON line, the error above a stack trace, otherwise the last
 * line.
 */
export function lastLine(file: string, fromByte = 0): string {
  const lines = lastLines(file, fromByte);
  const last = lines.at(-1) ?? '';
  if (recordOf(last) !== null) return shown(last);
  return (lines.slice(-40).findLast(isPlainError) ?? last).slice(0, longestSaid);
}

/** The last error in a log, which need not be its last line; without an error, its last message. */
export function lastError(file: string, fromByte = 0): string {
  const error = lastLines(file, fromByte).findLast((line) => (recordOf(line)?.severityNumber ?? 0) >= severityOfError);
  return error === undefined ? lastLine(file, fromByte) : shown(error);
}

const longestSaid = 200;

const isPlainError = (text: string) => /^(\w*Error\b|error:|fatal:)/i.test(text);

function lastLines(file: string, fromByte: number): string[] {
  return tail(file, 8_192, fromByte)
    .split('\n')
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

function shown(line: string): string {
  const record = recordOf(line);
  const said = [record?.body, record?.attributes?.err?.message].filter((part) => typeof part === 'string').join(': ');
  return (said || line).slice(0, longestSaid);
}

function tail(file: string, bytes: number, fromByte: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(descriptor).size;
    const buffer = Buffer.alloc(Math.max(0, Math.min(size - fromByte, bytes)));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** The whole lines that were appended to a log since the last read. */
export class Follower {
  readonly #file: string;
  #position: number;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
    this.#position = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  read(): string[] {
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.#position) this.#position = 0;
    if (size === this.#position) return [];
    const descriptor = openSync(this.#file, 'r');
    const buffer = Buffer.alloc(size - this.#position);
    this.#position += readSync(descriptor, buffer, 0, buffer.length, this.#position);
    closeSync(descriptor);
    const lines = (this.#rest + buffer.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}

/**
 * Prints what is appended to the logs of a stack until the returned function is called.
 * @param only processes and stores by name; none: all
 */
export function followLogs(
  folder: string,
  only: readonly string[],
  print: (process: string, line: string) => void,
): () => void {
  const logs = join(folder, 'logs');
  const followers = new Map<string, Follower>();
  const look = () => {
    for (const file of readdirSync(logs).filter((name) => name.endsWith('.log'))) {
      const process = basename(file, '.log');
      if (only.length > 0 && !only.includes(process)) continue;
      const follower = followers.get(file) ?? new Follower(join(logs, file));
      followers.set(file, follower);
      for (const line of follower.read()) print(process, line);
    }
  };
  look();
  const timer = setInterval(look, 200);
  return () => {
    clearInterval(timer);
    look();
  };
}
