import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * One port of a service that routes name, and its current endpoints. Discovery replaces the array `endpoints` as a
 * whole, so that every reader sees a consistent set.
 */
export class Service {
  /** The service's name in the documents. */
  readonly name: string;
  /** The port that backendRefs name. */
  readonly port: number;
  /** From the documents in force, and replaced when they change. */
  policy: BackendTrafficPolicy;
  endpoints: readonly Endpoint[] = [];
  /** The state that policies keep about the service (retry budget, panic), as in `Endpoint`. */
  readonly #states = new Map<symbol, unknown>();

  constructor(name: string, port: number, policy: BackendTrafficPolicy) {
    this.name = name;
    this.port = port;
    this.policy = policy;
  }

  /** `name:port`: the key of its endpoints. */
  get id(): string {
    return serviceId(this.name, this.port);
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

export function serviceId(name: string, port: number): string {
  return `${name}:${port}`;
}
