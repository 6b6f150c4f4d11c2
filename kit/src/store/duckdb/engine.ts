import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Queryable } from '../statement.ts';
import { isFatal, storeError, unavailableBecause } from './errors.ts';
import { bound, plainRow } from './values.ts';

export interface EngineOptions {
  path: string;
  memoryMb: number;
  threads: number;
  queryTimeoutMs: number;
  onFatal: (error: Error) => void;
}

/** The engine with two connections: one for transactions, one for reads that may take long. */
export interface Engine {
  writer: DuckDBConnection;
  reader: DuckDBConnection;
  close(): void;
}

/** Opens the engine at the first use. After a failure of the engine itself it is not tried again in this process. */
export class LazyEngine {
  readonly #options: EngineOptions;
  #engine: Promise<Engine> | undefined;
  #dead: Error | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  async use<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result> {
    if (this.#dead) throw unavailableBecause(this.#dead);
    try {
      this.#engine ??= this.#open();
      return await work(await this.#engine);
    } catch (error) {
      if (isFatal(error)) this.#die(error as Error);
      throw storeError(error);
    }
  }

  async close(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    this.#dead ??= new Error('the store is closed');
    this.#engine = undefined;
    engine?.close();
  }

  async #open(): Promise<Engine> {
    const { path, memoryMb, threads } = this.#options;
    try {
      // The one failure that is found without the engine, and may pass.
      await access(dirname(path));
    } catch (error) {
      this.#engine = undefined;
      throw unavailableBecause(error as Error);
    }
    try {
      const instance = await DuckDBInstance.create(path, {
        memory_limit: `${memoryMb}MB`,
        threads: String(threads),
        // Otherwise a statement may fetch code from the network.
        autoinstall_known_extensions: 'false',
      });
      const [writer, reader] = await Promise.all([instance.connect(), instance.connect()]);
      const close = () => {
        writer.closeSync();
        reader.closeSync();
        instance.closeSync();
      };
      return { writer, reader, close };
    } catch (error) {
      // A second attempt in the same process has ended in corrupt memory.
      this.#die(error as Error);
      throw unavailableBecause(error as Error);
    }
  }

  #die(error: Error): void {
    this.#dead ??= error;
    this.#options.onFatal(error);
  }
}

/** Statements on one connection, with `?` for each value. One that takes too long is interrupted. */
export function queryable(connection: DuckDBConnection, limitMs: number): Queryable {
  const limited = async <Result>(work: Promise<Result>): Promise<Result> => {
    const timer = setTimeout(() => connection.interrupt(), limitMs);
    try {
      return await work;
    } catch (error) {
      throw isFatal(error) ? error : storeError(error);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    query: async <Row extends object>({ text }: { text: string }, values: readonly unknown[]) => {
      const reader = await limited(connection.runAndReadAll(text, values.map(bound)));
      return reader.getRowObjects().map((row) => plainRow(row) as Row);
    },
    run: async ({ text }: { text: string }, values: readonly unknown[]) =>
      (await limited(connection.run(text, values.map(bound)))).rowsChanged,
  };
}
