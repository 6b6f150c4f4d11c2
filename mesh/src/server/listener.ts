import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { FailureCode } from '../errors.ts';
import type { Entrance } from '../exchange.ts';
import type { Handler } from '../layer.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import { plainAddress } from '../policy/client.ts';
import { ClientConnection, type ConnectionOwner } from './connection.ts';

/** Limits that hold before anything is known of a request. */
export interface ListenerLimits {
  /** Bytes of a request's head at most (431). */
  headBytesMax: number;
  /** From the first byte of a connection, or of a next request, to the end of the head (408). */
  headTimeoutMs: number;
  /** A connection on which nothing moves in either direction for this long is closed. */
  idleTimeoutMs: number;
  /** An unused kept-alive connection is closed after this. */
  keepAliveMs: number;
}

export interface ListenerOptions {
  entrance: Entrance;
  host: string;
  port: number;
  /** Whether another process may listen there too (SO_REUSEPORT): for a successor, while this one drains. */
  reusePort?: boolean;
  limits: ListenerLimits;
  clock: Clock;
  newId: () => string;
  /** The process's, for the bodies that its requests hold. */
  memory: HeldMemory;
  /** Asked for each request, so that a request is handled from its start to its end by the stack of its start. */
  handler: () => Handler;
  /** A connection was refused before a request could be made out. */
  onRefused: (entrance: Entrance, code: FailureCode) => void;
}

/** One listening port of the data plane. */
export interface Listener {
  readonly entrance: Entrance;
  /** Resolves with the port once connections are accepted. @throws the system's error, for example EADDRINUSE. */
  listen(): Promise<number>;
  /** Exchanges under way, tunnels included. */
  inFlight(): number;
  /** Connections open. */
  connections(): number;
  /**
   * Accepts no connection more, and tells each client with its next reply to use another one (`Connection: close`). A
   * connection that nobody uses is closed after `idleMs`, and not at once: a request may be on its way to it (RFC 9112
   * section 9.6). Resolves when the last exchange has ended, or after `timeoutMs`, when the rest is cut.
   */
  drain(timeoutMs: number, idleMs?: number): Promise<void>;
}

/** Time is counted in ticks of this length at most. */
const tickMsMax = 500;
/** Between two probes of a connection on which nothing moves: a client that has lost its power says no good-bye. */
const probeMs = 60_000;
/** A client that uses its connection just before the time it was told must not find it closed. */
const keepAliveGraceMs = 1000;

export function createListener(options: ListenerOptions): Listener {
  const { entrance, limits, clock, memory } = options;
  const { headTimeoutMs, idleTimeoutMs, keepAliveMs, headBytesMax } = limits;
  const connections = new Set<ClientConnection>();
  let inFlight = 0;
  let ticking: NodeJS.Timeout | null = null;
  /** While it drains: called whenever an exchange or a connection has ended. */
  let onEnded: (() => void) | null = null;

  const tickMs = Math.max(5, Math.min(tickMsMax, headTimeoutMs / 8, idleTimeoutMs / 8, keepAliveMs / 8));
  /** One more, since the first one is begun already. */
  const ticksOf = (ms: number) => ms / tickMs + 1;

  const owner: { -readonly [Key in keyof ConnectionOwner]: ConnectionOwner[Key] } = {
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
    // Asked for now, the address stays known when the client has gone. Who has gone already has none, and waits for nothing.
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
          // From here on one that could not be accepted (no descriptor was left): the next one may be.
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
