/**
 * The maximum of clients of one service that are remembered; the client that has been away longest is forgotten first.
 */
export const clientsMax = 10_000;

interface Remembered {
  endpointId: string;
  seenMs: number;
}

/** The last endpoint of each client of a service (`sessionAffinity: ClientIP` of Kubernetes). */
export class ClientAffinity {
  /** By the hash of the client's address, the longest away first. */
  readonly #clients = new Map<number, Remembered>();

  /** The id of the client's endpoint; null if it is unknown, or if the client has made no request for `timeoutMs`. */
  endpointOf(client: number, nowMs: number, timeoutMs: number): string | null {
    const known = this.#clients.get(client);
    return known === undefined || nowMs - known.seenMs >= timeoutMs ? null : known.endpointId;
  }

  remember(client: number, endpointId: string, nowMs: number): void {
    this.#clients.delete(client);
    this.#clients.set(client, { endpointId, seenMs: nowMs });
    if (this.#clients.size <= clientsMax) return;
    const oldest = this.#clients.keys().next().value;
    if (oldest !== undefined) this.#clients.delete(oldest);
  }
}
