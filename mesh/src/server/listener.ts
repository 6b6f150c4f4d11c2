import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { FailureCode } from '../errors.ts';
import type { Entrance } from '../exchange.ts';
import type { Handler } from '../layer.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import { plainAddress } from '../policy/client.ts';
import { ClientConnection } from './connection.ts';
import type { ConnectionOwner } from './connection-owner.ts';

/** Limits that apply before a request is known. */
export interface ListenerLimits {
  /** Maximum size of a request's head in bytes (431). */
  headBytesMax: number;
  /** Time from the first byte of a connection, or of a later request, to the end of the head (408). */
  headTimeoutMs: number;
  /** A connection without traffic in either direction is closed after this. */
  idleTimeoutMs: number;
  /** An unused kept-alive connection is closed after this. */
  keepAliveMs: number;
}

export interface ListenerOptions {
  entrance: Entrance;
  host: string;
  port: number;
  /**
   * Whether another process may listen on the same port (SO_REUSEPORT), such as a successor while this process drains.
   */
  reusePort?: boolean;
  limits: ListenerLimits;
  clock: Clock;
  newId: () => string;
  /** The memory budget of the process, for request bodies. */
  memory: HeldMemory;
  /** Called for each request. The same stack handles a request from start to end. */
  handler: () => Handler;
  /** A connection was refused before a request could be read from it. */
  onRefused: (entrance: Entrance, code: FailureCode) => void;
}

/** One listening port of the data plane. */
export interface Listener {
  readonly entrance: Entrance;
  /** Resolves with the port once connections are accepted. @throws Error of the system, for example EADDRINUSE */
  listen(): Promise<number>;
  /** The number of exchanges in flight, tunnels included. */
  inFlight(): number;
  /** The number of open connections. */
  connections(): number;
  /**
   * Accepts no new connections, and tells each client with its next reply to use another one (`Connection: close`).
   * Unused connections close after `idleMs` and not at once, because a request may be on its way (RFC 9112 section
   * 9.6). Resolves when the last exchange has ended, or after `timeoutMs`, when the remaining connections are cut.
   */
  drain(timeoutMs: number, idleMs?: number): Promise<void>;
}

/** The maximum length of a tick. */
const tickMsMax = 500;
/** The interval of TCP probes on a silent connection: a client that loses power does not close its connections. */
const probeMs = 60_000;
/** A client may use its connection just before the announced time is over, and must find it open. */
const keepAliveGraceMs = 1000;

export function createListener(options: ListenerOptions): Listener {
  const { entrance, limits, clock, memory } = options;
  const { headTimeoutMs, idleTimeoutMs, keepAliveMs, headBytesMax } = limits;
  const connections = new Set<ClientConnection>();
  let inFlight = 0;
  let ticking: NodeJS.Timeout | null = null;
  /** Set while the listener drains. Called after each exchange and connection. */
  let onEnded: (() => void) | null = null;

  const tickMs = Math.max(5, Math.min(tickMsMax, headTimeoutMs / 8, idleTimeoutMs / 8, keepAliveMs / 8));
  /** Adds one, because the first tick has already begun. */
  const ticksOf = (ms: number) => ms / tickMs + 1;

  type Owner = ConnectionOwner<ClientConnection>;
  const owner: { -readonly [Key in keyof Owner]: Owner[Key] } = {
    tick: 0,
    ticks: {
      head: ticksOf(headTimeoutMs),
      idle: ticksOf(idleTimeoutMs),
      keepAlive: ticksOf(keepAliveMs + keepAliveGraceMs),
    },
    headBytesMax,
    keepAliveLines: `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`,
    clock,
    draining: false,
    handler: options.handler,
    newFacts: (peerAddress) => ({
      id: options.newId(),
      entrance,
      peerAddress,
      clientAddress: peerAddress,
      scheme: 'http',
      startedAtMs: clock.now(),
      failure: null,
      flags: [],
      attempts: 0,
      endpoint: null,
      memory,
      bytesReceived: 0,
      span: null,
    }),
    onBegun() {
      inFlight += 1;
    },
    onEnded() {
      inFlight -= 1;
      onEnded?.();
    },
    onRefused(code) {
      options.onRefused(entrance, code);
    },
    onClosed(connection) {
      connections.delete(connection);
      if (connections.size === 0 && ticking !== null) {
        clearInterval(ticking);
        ticking = null;
      }
      onEnded?.();
    },
  };

  const onTick = () => {
    owner.tick += 1;
    for (const connection of connections) connection.check();
  };

  const server = createServer({
    pauseOnConnect: true,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: probeMs,
  });
  server.on('connection', (accepted: Socket) => {
    // Read now, because the socket of a client that has gone has no address. Such a client needs no reply.
    const address = accepted.remoteAddress;
    if (address === undefined) {
      accepted.destroy();
      return;
    }
    ticking ??= setInterval(onTick, tickMs);
    connections.add(new ClientConnection(owner, accepted, plainAddress(address)));
  });

  return {
    entrance,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: options.host, port: options.port, reusePort: options.reusePort ?? false }, () => {
          server.off('error', reject);
          // From here on, errors mean that a connection could not be accepted (no descriptor was left).
          server.on('error', () => owner.onRefused('overloaded'));
          resolve((server.address() as AddressInfo).port);
        });
      }),
    inFlight: () => inFlight,
    connections: () => connections.size,
    drain: (timeoutMs, idleMs = 0) =>
      new Promise((resolve) => {
        owner.draining = true;
        let patient = idleMs > 0;
        const finish = () => {
          onEnded = null;
          cancelPatience();
          cancelCut();
          for (const connection of [...connections]) connection.cut();
          resolve();
        };
        const look = () => {
          if (inFlight === 0 && (connections.size === 0 || !patient)) finish();
        };
        const cancelCut = clock.after(timeoutMs, finish);
        const cancelPatience = clock.after(idleMs, () => {
          patient = false;
          for (const connection of [...connections]) if (connection.unused) connection.cut();
          look();
        });
        server.close();
        onEnded = look;
        look();
      }),
  };
}
