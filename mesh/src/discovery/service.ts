import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * One port of a service that routes send to, and the endpoints behind it now. Discovery replaces `endpoints` as a
 * whole, so whoever holds the array sees one consistent set.
 */
export class Service {
  /** The service's name in the documents. */
  readonly name: string;
  /** The port that backendRefs name. */
  readonly port: number;
  /** From the documents in force; a change of them replaces it. */
  policy: BackendTrafficPolicy;
  endpoints: readonly Endpoint[] = [];
  /** What policies keep per service (retry budget, panic): as with endpoints. */
  readonly #states = new Map<symbol, unknown>();

  constructor(name: string, port: number, policy: BackendTrafficPolicy) {
    this.name = name;
    this.port = port;
    this.policy = policy;
  }

  /** `name:port`: what endpoints are listed under. */
  get id(): string {
    return serviceId(this.name, this.port);
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

export function serviceId(name: string, port: number): string {
  return `${name}:${port}`;
}
