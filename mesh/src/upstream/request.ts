import type { BodySource } from '../body.ts';
import type { MeshError } from '../errors.ts';
import type { Headers } from '../headers.ts';
import type { HeldMemory } from '../memory/held-memory.ts';
import type { InterimSink } from '../reply.ts';

/**
 * The part of an `Exchange` that a connection to an upstream uses. Declared apart from the exchange, which knows the
 * endpoint and thereby its connections: otherwise the two would import each other.
 */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: Headers;
  readonly body: BodySource | null;
  readonly expectsContinue: boolean;
  readonly interim: InterimSink | null;
  /** What is held of the reply is charged to `memory`. */
  readonly facts: { readonly memory: HeldMemory };
  onAbort(listener: (error: MeshError) => void): void;
  offAbort(listener: (error: MeshError) => void): void;
}
