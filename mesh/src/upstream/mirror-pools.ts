import type { BackendTrafficPolicy } from '../config/policy-model.ts';
import type { Endpoint } from '../discovery/endpoint.ts';
import type { Service } from '../discovery/service.ts';
import type { Connections } from './connections.ts';

/** Connections for mirrored requests, apart from those of client requests. One set per process, created on demand. */
export class MirrorPools {
  readonly #connect: (host: string, port: number, policy: BackendTrafficPolicy) => Connections;
  readonly #pools = new Map<Endpoint, Connections>();

  constructor(connect: (host: string, port: number, policy: BackendTrafficPolicy) => Connections) {
    this.#connect = connect;
  }

  of(endpoint: Endpoint, policy: BackendTrafficPolicy): Connections {
    const known = this.#pools.get(endpoint);
    if (known !== undefined) return known;
    this.#forgetGone();
    const made = this.#connect(endpoint.host, endpoint.port, policy);
    this.#pools.set(endpoint, made);
    return made;
  }

  /** Applies the policy of `service` to the existing connections. */
  follow({ endpoints, policy }: Service): void {
    for (const endpoint of endpoints) this.#pools.get(endpoint)?.follow(policy);
  }

  /** Aborts all mirrored requests: no client waits for them. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  /** A new endpoint triggers the cleanup of those that have left. */
  #forgetGone(): void {
    for (const [endpoint, pool] of this.#pools) {
      if (!endpoint.draining) continue;
      this.#pools.delete(endpoint);
      void pool.close();
    }
  }
}
