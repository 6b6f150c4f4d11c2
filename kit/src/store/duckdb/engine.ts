import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBMaterializedResult,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Queryable } from '../statement.ts';
import { isFatal, storeError, unavailableBecause } from './errors.ts';
import { PreparedStatements } from './prepared.ts';
import { plainRow } from './values.ts';

export interface EngineOptions {
  path: string;
  memoryMb: number;
  threads: number;
  queryTimeoutMs: number;
  onFatal: (error: Error) => void;
}

/** A connection with the statements that it has parsed. */
export interface OpenConnection {
  connection: DuckDBConnection;
  prepared: PreparedStatements;
}

/** The engine with two connections: one for transactions, one for reads that may take long. */
export interface Engine {
  writer: OpenConnection;
  reader: OpenConnection;
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
      return { writer: withStatements(writer), reader: withStatements(reader), close };
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

const withStatements = (connection: DuckDBConnection): OpenConnection => ({
  connection,
  prepared: new PreparedStatements(connection),
});

/** Statements on one connection, with `?` for each value. One that takes too long is interrupted. */
export function queryable({ connection, prepared }: OpenConnection, limitMs: number): Queryable {
  const limited = async ({ name, text }: { name: string; text: string }, values: readonly unknown[]) => {
    const timer = setTimeout(() => connection.interrupt(), limitMs);
    try {
      return await prepared.run(name, text, values);
    } catch (error) {
      throw isFatal(error) ? error : storeError(error);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    query: async <Row extends object>(one: { name: string; text: string }, values: readonly unknown[]) =>
      rowsIn(await limited(one, values)).map((row) => plainRow(row) as Row),
    run: async (one, values) => (await limited(one, values)).rowsChanged,
  };
}

/** The rows are in memory already: the driver's reader would wait for another thread for each piece of them. */
function rowsIn(result: DuckDBMaterializedResult): Record<string, DuckDBValue>[] {
  const names = result.deduplicatedColumnNames();
  const rows: Record<string, DuckDBValue>[] = [];
  for (let index = 0; index < result.chunkCount; index += 1) {
    result.getChunk(index).appendToRowObjects(names, rows);
  }
  return rows;
}
