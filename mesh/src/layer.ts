import type { Exchange } from './exchange.ts';
import type { Observer } from './observer.ts';
import type { Reply } from './reply.ts';

/**
 * Handles one exchange. The promise resolves when the reply's head is there (its body is still to come). Without a
 * reply, it rejects with a MeshError, or the call itself throws one. A layer that handles failures awaits inside `try`.
 * A layer that only looks at the request need not be async, which saves three rounds of the microtask queue.
 *
 * A layer that takes a reply must pipe or discard its body. A layer that waits for anything but the next handler (a
 * queue, a back-off) must listen to `exchange.onAbort`.
 */
export type Handler = (exchange: Exchange) => Promise<Reply>;

/** How often a layer runs for one request of a client, outermost first. */
export const scopes = ['request', 'route', 'attempt', 'transport'] as const;
export type Scope = (typeof scopes)[number];

/** One feature of the data plane, wrapped around the layers inside it. */
export interface Layer {
  /** Unique, lower case: its name in `mesh explain` and for other layers. */
  name: string;
  scope: Scope;
  /** What it does, for `mesh explain`. */
  sentence: string;
  /** Layers that must stand further out than this one (if they are in the stack at all), each with the reason. */
  inside: { name: string; reason: string }[];
  wrap(next: Handler): Handler;
  /** Of a layer that only observes: `assemble` makes one handler of adjacent ones. */
  observer?: Observer;
}
