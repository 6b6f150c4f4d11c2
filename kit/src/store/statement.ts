/** A statement with the types of its row and its values. The name must be unique within the process. */
export interface Statement<Row extends object, Values extends readonly unknown[]> {
  readonly name: string;
  readonly text: string;
  /** Never set: carries the type for `query`. */
  readonly row?: Row;
  readonly values?: Values;
}

/** A statement that the store parses once per connection. Values stand in the text as the engine writes them. */
export function statement<Row extends object, Values extends readonly unknown[] = []>(
  name: string,
  text: string,
): Statement<Row, Values> {
  return { name, text };
}

/** Runs statements: the store, or one connection inside a transaction. */
export interface Queryable {
  /**
   * Runs a statement that returns rows.
   *
   * @throws ServiceError `store_unavailable` when the store cannot be reached or does not respond in time
   */
  query<Row extends object, Values extends readonly unknown[]>(
    statement: Statement<Row, Values>,
    values: Values,
  ): Promise<Row[]>;
  /**
   * Runs a statement that changes rows, and returns how many rows it inserted, deleted or found for an update.
   *
   * @throws ServiceError `store_unavailable` when the store cannot be reached or does not respond in time
   */
  run<Values extends readonly unknown[]>(statement: Statement<object, Values>, values: Values): Promise<number>;
}
