import type { BodySink, BodySource } from '../src/body.ts';
import type { Exchange, Facts } from '../src/exchange.ts';
import { type Headers, setHeader } from '../src/headers.ts';
import type { Handler } from '../src/layer.ts';

/** Added to each request by the mesh's side. Clients cannot know it. */
export const markerField = 'fuzz-marker';
/** Tells the upstream what to do. */
export const behaviorField = 'fuzz-behavior';

/** One request as read by the mesh. */
export interface Observed {
  marker: string;
  /** Identifies the case: each has an address of its own. */
  clientAddress: string;
  method: string;
  path: string;
  authority: string;
  /** As read, before any layer. */
  headers: Headers;
  upgrade: boolean;
  refused: string | null;
  body: Buffer[];
  /** `open`: the body has not been read to its end. */
  bodyEnd: 'none' | 'open' | 'whole' | 'broken' | 'canceled';
  facts: Facts;
  /** Status of the reply; null until there is one. */
  status: number | null;
  /** The last byte of the reply has passed, or no more bytes will. */
  ended: boolean;
  /** How often the end was reported. More than once is a fault. */
  ends: number;
  thrown: unknown;
}

/** Wraps the stack and records how the listener read its input. */
export class Observer {
  readonly #nonce: string;
  readonly #behaviorOf: (clientAddress: string) => string;
  #count = 0;
  #observed: Observed[] = [];

  /** `nonce` makes this run's markers. Client input must not contain it. */
  constructor(nonce: string, behaviorOf: (clientAddress: string) => string) {
    this.#nonce = nonce;
    this.#behaviorOf = behaviorOf;
  }

  readonly around =
    (stack: Handler): Handler =>
    async (exchange) => {
      const observed = this.#observe(exchange);
      try {
        const reply = await stack(exchange);
        observed.status = reply.status;
        reply.body.onEnd(() => {
          observed.ended = true;
          observed.ends += 1;
        });
        return reply;
      } catch (thrown) {
        observed.thrown = thrown;
        observed.ended = true;
        throw thrown;
      }
    };

  /** Requests since the last `take` that have not ended. */
  pending(): number {
    return this.#observed.filter(({ ended }) => !ended).length;
  }

  /** Whether a request of this client waits for anything but its own body. */
  busy(clientAddress: string): boolean {
    return this.#observed.some(
      (one) => one.clientAddress === clientAddress && !one.ended && one.bodyEnd !== 'open' && !one.upgrade,
    );
  }

  take(): Observed[] {
    const taken = this.#observed;
    this.#observed = [];
    return taken;
  }

  #observe(exchange: Exchange): Observed {
    this.#count += 1;
    const { facts, body } = exchange;
    const observed: Observed = {
      marker: `${this.#nonce}-${this.#count}`,
      clientAddress: facts.peerAddress,
      method: exchange.method,
      path: exchange.path,
      authority: exchange.authority,
      headers: [...exchange.headers],
      upgrade: exchange.upgrade !== null,
      refused: exchange.refused?.code ?? null,
      body: [],
      bodyEnd: body === null ? 'none' : 'open',
      facts,
      status: null,
      ended: false,
      ends: 0,
      thrown: null,
    };
    this.#observed.push(observed);
    setHeader(exchange.headers, markerField, observed.marker);
    setHeader(exchange.headers, behaviorField, this.#behaviorOf(facts.peerAddress));
    if (body !== null) exchange.body = kept(body, observed);
    return observed;
  }
}

/** `source`, recording what passes into `observed`. */
function kept(source: BodySource, observed: Observed): BodySource {
  return {
    length: source.length,
    start(sink: BodySink) {
      source.start({
        chunk(bytes) {
          observed.body.push(Buffer.from(bytes));
          sink.chunk(bytes);
        },
        end() {
          observed.bodyEnd = 'whole';
          sink.end();
        },
        fail(error) {
          observed.bodyEnd = 'broken';
          sink.fail(error);
        },
      });
    },
    pause: () => source.pause(),
    resume: () => source.resume(),
    cancel() {
      if (observed.bodyEnd === 'open') observed.bodyEnd = 'canceled';
      source.cancel();
    },
  };
}
