import type { Logger } from '../observe/log.ts';

/** A running program. */
export interface Running {
  /** Finishes requests in flight and releases everything that keeps the process alive. Called once. */
  close(): Promise<void>;
}

/** The part of a process that is used here. A parameter, so that tests need no signals. */
export interface ProcessLike {
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Closes `running` at the first SIGTERM or SIGINT and ends the process. The exit code is 0 if everything finished in
 * time, and 1 if `graceMs` ran out or closing failed.
 */
export function closeOnSignal(running: Running, logger: Logger, graceMs = 9_000, target: ProcessLike = process): void {
  let closing = false;
  const close = (signal: string) => {
    if (closing) return;
    closing = true;
    logger.info({ signal }, 'closing');
    const limit = setTimeout(() => {
      logger.error({ graceMs }, 'not everything was finished in time');
      target.exit(1);
    }, graceMs);
    running.close().then(
      () => {
        clearTimeout(limit);
        logger.info('closed');
        target.exit(0);
      },
      (error: unknown) => {
        clearTimeout(limit);
        logger.error({ err: error }, 'closing failed');
        target.exit(1);
      },
    );
  };
  target.once('SIGTERM', () => close('SIGTERM'));
  target.once('SIGINT', () => close('SIGINT'));
}
