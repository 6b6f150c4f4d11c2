import { request } from 'node:http';
import type { CheckResult } from './health.ts';

/** One health check. Never rejects; `cancel` ends it at once. */
export type Probe = (target: { host: string; port: number; path: string; timeoutMs: number }) => {
  result: Promise<CheckResult>;
  cancel(): void;
};

/**
 * GET on a connection of its own, so that a check also finds out whether new connections are accepted, and never waits
 * behind requests. Only the status counts: the body is not read.
 */
export const httpProbe: Probe = ({ host, port, path, timeoutMs }) => {
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  const client = request({
    host,
    port,
    path,
    method: 'GET',
    agent: false,
    maxHeaderSize: 16_384,
    headers: { 'user-agent': 'mesh-health-check', connection: 'close' },
  });
  // Of the whole check: a timeout of the socket alone starts again with each byte.
  const timer = setTimeout(() => finish({ failure: 'timeout' }), timeoutMs);
  const finish = (result: CheckResult) => {
    clearTimeout(timer);
    client.destroy();
    resolve(result);
  };
  client.once('response', ({ statusCode = 0 }) => finish({ status: statusCode }));
  // Stays for what a destroyed socket may still report.
  client.on('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? 'failed' }));
  client.end();
  return { result: promise, cancel: () => finish({ failure: 'cancelled' }) };
};
