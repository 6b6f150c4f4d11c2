import type { Clock } from '../clock.ts';
import type { Service } from '../config/model.ts';
import type { EndpointAddress } from './endpoint.ts';

/** The registration of an instance, already validated. */
export interface LeaseRequest {
  service: string;
  /** Chosen by the instance. The same id again renews the lease. */
  id: string;
  /** An IP address. */
  address: string;
  port: number;
  weight: number;
  /** The port of the service that the instance serves; null = the first one. */
  servicePort: number | null;
  /** The requested length of the lease. Null, or more than the service allows, means the maximum. */
  ttlMs: number | null;
}

/** A registered instance, and when its lease ends (monotonic ms). */
export interface Lease extends Required<EndpointAddress> {
  service: string;
  id: string;
  servicePort: number;
  ttlMs: number;
  expiresAtMs: number;
}

/** Why a lease was refused. */
export type LeaseRefusal = 'unknown_service' | 'no_leases' | 'unknown_port' | 'full';

interface Terms {
  ports: readonly number[];
  lease: { ttlMs: number; maxEndpoints: number } | undefined;
}

type Entries = Map<string, { lease: Lease; cancelExpiry: () => void }>;

/** A lease of the mesh before this one. */
export interface RestoredLease extends Omit<Lease, 'expiresAtMs'> {
  /** Until its end; 0 = it ended while no mesh ran that could have renewed it. */
  leftMs: number;
}

/** A restored lease lasts at least this long, or as long as its length if that is less: instances call again by then. */
const restoredMsMin = 15_000;
/** … and in any case this long: an instance that found no mesh waits before it calls again. */
const callAgainMs = 5_000;

/** Instances that registered themselves, for as long as they renew. They survive changes of the configuration. */
export class Leases {
  readonly #clock: Clock;
  #terms = new Map<string, Terms>();
  readonly #held = new Map<string, Entries>();
  readonly #watchers = new Map<string, Set<() => void>>();

  readonly #onChange: (renewed: boolean) => void;

  /** @param onChange called after each change; `renewed`: a lease has only been prolonged */
  constructor(clock: Clock, onChange: (renewed: boolean) => void = () => {}) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /**
   * Brings back the leases of the mesh before this one, as far as the terms in force allow. Each gets the time that its
   * instance needs to call again, since no mesh could renew it meanwhile.
   */
  restore(leases: readonly RestoredLease[]): void {
    for (const { leftMs, host, ...lease } of leases) {
      const given = this.put({ ...lease, address: host });
      if (typeof given === 'string') continue;
      const lastsMs = Math.max(leftMs, Math.min(given.ttlMs, restoredMsMin), callAgainMs);
      const entries = this.#held.get(given.service);
      entries?.get(given.id)?.cancelExpiry();
      const restored = { ...given, expiresAtMs: this.#clock.now() + lastsMs };
      entries?.set(given.id, { lease: restored, cancelExpiry: this.#expiry(restored, lastsMs) });
    }
  }

  /**
   * Applies the lease terms of the documents in force. Leases end if their service allows none any more, and longer
   * leases are cut to the new maximum.
   */
  setTerms(services: readonly Service[]): void {
    this.#terms = new Map(
      services.map(({ name, ports, policy }) => [
        name,
        { ports: ports.map(({ port }) => port), lease: policy.discovery.lease },
      ]),
    );
    for (const service of [...this.#held.keys()]) {
      const terms = this.#terms.get(service)?.lease;
      if (terms === undefined) this.#end(service);
      else this.#shorten(service, terms.ttlMs);
    }
  }

  /** Registers an instance, or renews its lease. */
  put(request: LeaseRequest): Lease | LeaseRefusal {
    const terms = this.#terms.get(request.service);
    if (terms === undefined) return 'unknown_service';
    if (terms.lease === undefined) return 'no_leases';
    const servicePort = request.servicePort ?? terms.ports[0];
    if (servicePort === undefined || !terms.ports.includes(servicePort)) return 'unknown_port';
    const held: Entries = this.#held.get(request.service) ?? new Map();
    const before = held.get(request.id);
    if (before === undefined && held.size >= terms.lease.maxEndpoints) return 'full';
    before?.cancelExpiry();
    const ttlMs = Math.min(request.ttlMs ?? terms.lease.ttlMs, terms.lease.ttlMs);
    const { service, id, address: host, port, weight } = request;
    const expiresAtMs = this.#clock.now() + ttlMs;
    const lease: Lease = { service, id, host, port, weight, servicePort, ttlMs, expiresAtMs };
    held.set(id, { lease, cancelExpiry: this.#expiry(lease, ttlMs) });
    this.#held.set(service, held);
    const renewed = before !== undefined && samePlace(before.lease, lease);
    if (renewed) this.#onChange(true);
    else this.#tell(service);
    return lease;
  }

  /** @returns false if there was no lease */
  remove(service: string, id: string): boolean {
    const held = this.#held.get(service);
    const entry = held?.get(id);
    if (held === undefined || entry === undefined) return false;
    entry.cancelExpiry();
    held.delete(id);
    if (held.size === 0) this.#held.delete(service);
    this.#tell(service);
    return true;
  }

  /** All leases, or those of one service. */
  list(service?: string): Lease[] {
    const held: Entries[] = service === undefined ? [...this.#held.values()] : [this.#held.get(service) ?? new Map()];
    return held.flatMap((entries) => [...entries.values()].map(({ lease }) => lease));
  }

  /** Calls `listener` whenever the endpoints of `service` change, until the returned function is called. */
  watch(service: string, listener: () => void): () => void {
    const listeners: Set<() => void> = this.#watchers.get(service) ?? new Set();
    this.#watchers.set(service, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#watchers.delete(service);
    };
  }

  /** Stops all timers, because the process ends. */
  close(): void {
    for (const entries of this.#held.values()) for (const { cancelExpiry } of entries.values()) cancelExpiry();
    this.#held.clear();
  }

  #expiry({ service, id }: Lease, inMs: number): () => void {
    return this.#clock.after(inMs, () => this.remove(service, id));
  }

  #shorten(service: string, ttlMs: number): void {
    const nowMs = this.#clock.now();
    for (const [id, { lease, cancelExpiry }] of this.#held.get(service) ?? []) {
      if (lease.ttlMs <= ttlMs) continue;
      cancelExpiry();
      const expiresAtMs = Math.min(lease.expiresAtMs, nowMs + ttlMs);
      const shorter = { ...lease, ttlMs, expiresAtMs };
      this.#held.get(service)?.set(id, { lease: shorter, cancelExpiry: this.#expiry(shorter, expiresAtMs - nowMs) });
    }
  }

  #end(service: string): void {
    for (const { cancelExpiry } of this.#held.get(service)?.values() ?? []) cancelExpiry();
    this.#held.delete(service);
    this.#tell(service);
  }

  #tell(service: string): void {
    this.#onChange(false);
    for (const listener of [...(this.#watchers.get(service) ?? [])]) listener();
  }
}

function samePlace(a: Lease, b: Lease): boolean {
  return a.host === b.host && a.port === b.port && a.weight === b.weight && a.servicePort === b.servicePort;
}
