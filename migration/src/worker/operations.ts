import type { Logger } from '@banyan/kit/log';
import { MigrationError, messageOf } from '../errors.ts';

export type Verb = 'backfill' | 'parity' | 'repair' | 'switch' | 'detach';

/** Long work on one resource, as `status` shows it. */
export interface Operation {
  verb: Verb;
  state: 'running' | 'done' | 'failed';
  /** What it does now, such as the step of a switch. */
  step: string | null;
  done: number;
  total: number;
  /** What it ended with: a report, or the reason of the failure. */
  result: unknown;
}

export interface OperationContext {
  onStep(step: string): void;
  onProgress(done: number, total: number): void;
  signal: AbortSignal;
}

/** The operation of each resource: one at a time. */
export class Operations {
  readonly #operations = new Map<string, Operation>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  of(resource: string): Operation | null {
    return this.#operations.get(resource) ?? null;
  }

  /** @throws MigrationError `busy` while another operation of the resource runs */
  begin(resource: string, verb: Verb, work: (context: OperationContext) => Promise<unknown>): Operation {
    const before = this.#operations.get(resource);
    if (before?.state === 'running') throw new MigrationError('busy', `${before.verb} of ${resource} is under way`);
    const operation: Operation = { verb, state: 'running', step: null, done: 0, total: 0, result: null };
    this.#operations.set(resource, operation);
    const context: OperationContext = {
      onStep: (step) => {
        operation.step = step;
      },
      onProgress: (done, total) => {
        operation.done = done;
        operation.total = total;
      },
      signal: this.#stopping.signal,
    };
    const running = work(context)
      .then(
        (result) => {
          operation.state = 'done';
          operation.result = result;
        },
        (error: unknown) => {
          operation.state = 'failed';
          operation.result = messageOf(error);
          this.#logger.error({ err: error, resource, verb }, 'the operation failed');
        },
      )
      .finally(() => this.#running.delete(resource));
    this.#running.set(resource, running);
    return operation;
  }

  /** Stops what can be stopped, and waits for the rest. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }
}
