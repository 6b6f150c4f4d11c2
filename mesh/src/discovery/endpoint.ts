import type { Connections } from '../upstream/connections.ts';

/** Where a service can be reached, as documents or discovery name it. */
export interface EndpointAddress {
  host: string;
  port: number;
  /** Relative share among the endpoints of its service, 1 to 1000; 1 where nothing is said. */
  weight?: number;
}

export function endpointId(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * One instance of a service, and what the mesh has learned about it. The object lives as long as the address does:
 * through changes of the configuration its connections and its measurements stay.
 */
export class Endpoint {
  /** `host:port` */
  readonly id: string;
  /** Name of its service. */
  readonly service: string;
  readonly host: string;
  readonly port: number;
  weight: number;
  readonly connections: Connections;
  /** Monotonic ms when it was first seen: what slow start counts from. */
  readonly sinceMs: number;
  /** Attempts whose reply has not ended. */
  inFlight = 0;
  /** Left its service: gets nothing new, and ends when what is under way has ended. */
  draining = false;
  /**
   * What policies keep about this endpoint (EWMA, breaker, health), under a symbol of the policy's own, so that only
   * the policy reads it.
   */
  readonly #states = new Map<symbol, unknown>();

  constructor(service: string, address: EndpointAddress, connections: Connections, nowMs: number) {
    this.id = endpointId(address.host, address.port);
    this.service = service;
    this.host = address.host;
    this.port = address.port;
    this.weight = address.weight ?? 1;
    this.connections = connections;
    this.sinceMs = nowMs;
  }

  /** The state that belongs to `key`, made on first use. */
  stateOf<T>(key: symbol, make: () => T): T {
    const known = this.#states.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    this.#states.set(key, made);
    return made;
  }
}
