/** Collects the bound values of a statement: the text of a statement is only ever made of constants and `$n`. */
export class Bindings {
  readonly values: unknown[] = [];

  /** Binds a value and gives its placeholder. */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Joins conditions by `and`; nothing to check is true. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.map((condition) => `(${condition})`).join(' and ');
}
