/** The maximum of clients of one service that are remembered. */
export const affinityClientsMax = 10_000;

interface Remembered {
  endpointId: string;
  seenMs: number;
}

/**
 * The last endpoint of each client of a service (`sessionAffinity: ClientIP` of Kubernetes). At least the last
 * `affinityClientsMax / 2` clients are remembered, in constant time: clients are kept in two generations. When the younger
 * generation is full, it becomes the older one, and the older one is forgotten.
 */
export class ClientAffinity {
  /** By the hash of the client's address. */
  #young = new Map<number, Remembered>();
  #old = new Map<number, Remembered>();

  /** The id of the client's endpoint; null if it is unknown, or if the client has made no request for `timeoutMs`. */
  endpointOf(client: number, nowMs: number, timeoutMs: number): string | null {
    const known = this.#young.get(client) ?? this.#old.get(client);
    return known === undefined || nowMs - known.seenMs >= timeoutMs ? null : known.endpointId;
  }

  remember(client: number, endpointId: string, nowMs: number): void {
    const known = this.#young.get(client);
    if (known !== undefined) {
      known.endpointId = endpointId;
      known.seenMs = nowMs;
      return;
    }
    if (this.#young.size >= affinityClientsMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(client, { endpointId, seenMs: nowMs });
  }
}
