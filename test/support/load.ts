/** The outcome of one request. */
export interface Outcome {
  what: string;
  /** `performance.now()` */
  begunMs: number;
  endedMs: number;
  /** 0 without a response. */
  status: number;
  retryAfter: string | null;
  body: string;
}

export interface Asked {
  what: string;
  url: string;
  init?: RequestInit;
}

export interface Load {
  readonly outcomes: readonly Outcome[];
  /** The outcomes of one kind, from a time on. */
  of(what: string, sinceMs?: number): Outcome[];
  /** Resolves when every request that is now in flight has ended. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Clients that each send one request after the other on kept-alive connections, until `stop` or until
 * `requestsMax` requests have been made together.
 *
 * @param next the n-th request of all
 */
export function startLoad(clients: number, requestsMax: number, next: (n: number) => Asked): Load {
  const outcomes: Outcome[] = [];
  const underWay = new Set<Promise<void>>();
  let begun = 0;
  let stopped = false;
  const ask = async ({ what, url, init }: Asked) => {
    const outcome: Outcome = { what, begunMs: performance.now(), endedMs: 0, status: 0, retryAfter: null, body: '' };
    try {
      const response = await fetch(url, init);
      outcome.status = response.status;
      outcome.retryAfter = response.headers.get('retry-after');
      outcome.body = await response.text();
    } catch (error) {
      outcome.status = 0;
      outcome.body = String((error as Error).cause ?? error);
    }
    outcome.endedMs = performance.now();
    outcomes.push(outcome);
  };
  const running = Array.from({ length: clients }, async () => {
    while (!stopped && begun < requestsMax) {
      const asking = ask(next(begun++));
      underWay.add(asking);
      await asking;
      underWay.delete(asking);
    }
  });
  return {
    outcomes,
    of: (what, sinceMs = 0) => outcomes.filter((outcome) => outcome.what === what && outcome.begunMs >= sinceMs),
    settled: async () => {
      await Promise.all(underWay);
    },
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
}
