import type { DuckDBConnection, DuckDBMaterializedResult, DuckDBPreparedStatement } from '@duckdb/node-api';
import { bound } from './values.ts';

/** Statements with a name that a connection keeps. A service has fewer; each takes some kilobytes. */
const keptMax = 200;

/**
 * The statements of one connection, each parsed once: parsing one costs as much as running a small one.
 *
 * Only those that have a name and take values. The engine plans these anew each time that they read a table. It would
 * run the plan of one without values again, which it made for what the tables held then: such a plan misses rows
 * (duckdb/duckdb, 23704).
 */
export class PreparedStatements {
  readonly #connection: DuckDBConnection;
  /** Those that no one uses, by their text, the ones used last at the end. */
  readonly #idle = new Map<string, DuckDBPreparedStatement>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** @throws the engine's error */
  async run(name: string, text: string, values: readonly unknown[]): Promise<DuckDBMaterializedResult> {
    // Text without values may be several statements.
    if (values.length === 0) return this.#connection.run(text);
    const given = values.map(bound);
    if (name === '') return this.#connection.run(text, given);
    // Taken out while it is used: its values belong to it.
    const known = this.#idle.get(text);
    if (known) this.#idle.delete(text);
    const prepared = known ?? (await this.#connection.prepare(text));
    try {
      prepared.bind(given);
      const result = await prepared.run();
      this.#keep(text, prepared);
      return result;
    } catch (error) {
      prepared.destroySync();
      throw error;
    }
  }

  #keep(text: string, prepared: DuckDBPreparedStatement): void {
    this.#idle.get(text)?.destroySync();
    this.#idle.set(text, prepared);
    if (this.#idle.size <= keptMax) return;
    const [oldest] = this.#idle;
    this.#idle.delete(oldest?.[0] ?? text);
    oldest?.[1].destroySync();
  }
}
