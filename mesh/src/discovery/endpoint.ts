import type { Connections } from '../upstream/connections.ts';

/** The address of a service's endpoint, from the documents or from discovery. */
export interface EndpointAddress {
  host: string;
  port: number;
  /** Relative weight among the endpoints of its service, 1 to 1000; default 1. */
  weight?: number;
}

export function endpointId(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * One instance of a service, and what the mesh has measured about it. The object lives as long as the address: its
 * connections and measurements survive changes of the configuration.
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
  /** When the endpoint was first seen, monotonic ms. Slow start counts from here. */
  readonly sinceMs: number;
  /** The number of attempts whose reply has not ended. */
  inFlight = 0;
  /** The endpoint has left its service: it gets no new requests, and ends when the last one in flight has ended. */
  draining = false;
  /**
   * The state that policies keep about this endpoint (EWMA, breaker, health), under a symbol that only the policy has.
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

  /** The state under `key`, created on first use. */
  stateOf<T>(key: symbol, make: () => T): T {
    const known = this.#states.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    this.#states.set(key, made);
    return made;
  }
}
