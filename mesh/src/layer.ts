import type { Exchange } from './exchange.ts';
import type { Observer } from './observer.ts';
import type { Reply } from './reply.ts';

/**
 * Handles one exchange. The promise resolves when the reply's head is there (its body is still to come). Where there is
 * no reply, it rejects with a MeshError, or the call itself throws one: a layer that cares awaits inside `try`, and one
 * that only looks at the request need not be async, which would cost it three turns of the microtask queue.
 *
 * Whoever takes a reply must pipe or discard its body. Whoever waits for something else than the next handler (a queue,
 * a back-off) must listen to `exchange.onAbort`.
 */
export type Handler = (exchange: Exchange) => Promise<Reply>;

/** How often a layer runs for one request of a client, outermost first. */
export const scopes = ['request', 'route', 'attempt', 'transport'] as const;
export type Scope = (typeof scopes)[number];

/** One feature of the data plane, wrapped around all that stand inside it. */
export interface Layer {
  /** Unique, lower case: what `mesh explain` and other layers call it. */
  name: string;
  scope: Scope;
  /** What it does, for `mesh explain`. */
  sentence: string;
  /** Layers that must stand further out than this one (if they are in the stack at all), each with the reason. */
  inside: { name: string; reason: string }[];
  wrap(next: Handler): Handler;
  /** Of a layer that only looks on: `assemble` makes one handler of neighbours that do. */
  observer?: Observer;
}
