import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { MeshConfig } from '../config/model.ts';
import type { Resolve } from '../discovery/dns.ts';
import { type DocumentsResult, type RunningMesh, runMesh } from '../run.ts';
import { readSettings, type Settings } from '../settings.ts';

/** The resources that a test must close, in the order in which they were opened. */
export class Closing {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  readonly close = async (): Promise<void> => {
    for (const task of this.#tasks.reverse()) await task();
  };
}

/**
 * An upstream on a free port. Its connections are cut when the test ends.
 *
 * @param port for a test that closes and reopens it: a port from `quietPort`, which no other process gets meanwhile
 */
export async function upstreamServer(
  closing: Closing,
  listener: RequestListener,
  port = 0,
): Promise<{ port: number; server: Server }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closing.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** One line of a log. */
export interface LogLine {
  level: 'info' | 'warn' | 'error';
  message: string;
  [field: string]: unknown;
}

/** A log that keeps its lines for the test. */
export function heldLog() {
  const lines: LogLine[] = [];
  const raw: string[] = [];
  const add = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ ...fields, level, message });
  };
  return {
    lines,
    /** The lines of the access log as written. */
    raw,
    logLine: (line: string) => {
      raw.push(line);
      const { attributes, body, timestamp, traceId } = JSON.parse(line);
      lines.push({ level: 'info', message: body, time: timestamp, traceId, ...attributes } as LogLine);
    },
    requests: () => lines.filter(({ message }) => message === 'request'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
  };
}

export interface TestMesh extends RunningMesh {
  /** `http://127.0.0.1:port` of the edge. */
  url: string;
  edgePort: number;
  internalPort: number;
  adminUrl: string;
  log: ReturnType<typeof heldLog>;
  /** The configuration that the next reload finds. */
  documents: DocumentsResult;
}

/** A whole mesh on free ports, with `config` as its documents. */
export async function testMesh(
  closing: Closing,
  config: MeshConfig,
  over: Partial<Settings> & { random?: () => number; resolve?: Resolve; clock?: Clock } = {},
): Promise<TestMesh> {
  const { random, resolve, clock, ...settings } = over;
  const log = heldLog();
  const held: { documents: DocumentsResult } = { documents: { config } };
  const running = await runMesh({
    settings: {
      ...readSettings({}).settings,
      internalPort: 0,
      adminPort: 0,
      drainMs: 2000,
      drainIdleMs: 0,
      ...settings,
    },
    documents: async () => held.documents,
    log,
    logLine: log.logLine,
    ...(random === undefined ? {} : { random }),
    ...(resolve === undefined ? {} : { resolve }),
    ...(clock === undefined ? {} : { clock }),
  });
  closing.add(() => running.stop());
  const edgePort = running.ports.get('edge') ?? 0;
  return Object.assign(held, running, {
    edgePort,
    url: `http://127.0.0.1:${edgePort}`,
    internalPort: running.ports.get('internal') ?? 0,
    adminUrl: `http://127.0.0.1:${running.adminPort}`,
    log,
  });
}

/** A bare TCP connection, for requests that client libraries refuse to send. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {});
  }

  static async to(port: number, closing: Closing, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    closing.add(() => socket.destroy());
    return new RawClient(socket);
  }

  get received(): string {
    return this.#received;
  }

  send(...lines: string[]): void {
    this.socket.write(lines.join('\r\n'), 'latin1');
  }

  /** Resolves with everything received once the other side has closed. */
  async untilClosed(): Promise<string> {
    await until(() => this.closed, 'the connection is closed');
    return this.#received;
  }

  async untilReceived(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.#received), `${pattern} is received, not ${JSON.stringify(this.#received)}`);
    return this.#received;
  }
}

/** Polls `condition` until it holds. Fails with `what` after `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come about within ${limitMs} ms that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
