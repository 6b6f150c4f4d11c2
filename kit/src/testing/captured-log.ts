import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../observe/log.ts';

/** A logger of every level, and what it has written so far. */
export interface CapturedLog {
  logger: Logger;
  /** JSON texts */
  lines: string[];
}

export function captureLog(service: string): CapturedLog {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ level: 'trace', service, destination }), lines };
}
