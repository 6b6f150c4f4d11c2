import { request } from 'node:http';
import type { CheckResult } from './health.ts';

/** One health check. Never rejects; `cancel` ends it at once. */
export type Probe = (target: { host: string; port: number; path: string; timeoutMs: number }) => {
  result: Promise<CheckResult>;
  cancel(): void;
};

/**
 * Sends GET on a connection of its own, so that the check also tests new connections and never waits behind requests.
 * Only the status counts; the body is not read.
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
  // Bounds the whole check. A timeout of the socket would start again with each byte.
  const timer = setTimeout(() => finish({ failure: 'timeout' }), timeoutMs);
  const finish = (result: CheckResult) => {
    clearTimeout(timer);
    client.destroy();
    resolve(result);
  };
  client.once('response', ({ statusCode = 0 }) => finish({ status: statusCode }));
  // A destroyed socket may still report an error.
  client.on('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? 'failed' }));
  client.end();
  return { result: promise, cancel: () => finish({ failure: 'canceled' }) };
};
