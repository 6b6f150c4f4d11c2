/** A command failed: what happened, and what to do next. */
export class MeshCliError extends Error {
  override readonly name = 'MeshCliError';
  readonly next: string;
  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}
