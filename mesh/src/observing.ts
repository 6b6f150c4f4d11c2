import type { Clock } from './clock.ts';
import { asMeshError } from './errors.ts';
import type { Handler, Layer } from './layer.ts';
import type { Ending, Observer } from './observer.ts';
import type { Reply } from './reply.ts';

/** Makes a layer of an observer. `layer` is the rest of the layer. */
export function observing<Note>(clock: Clock, layer: Omit<Layer, 'wrap'>, observer: Observer<Note>): Layer {
  const { begin, head, end } = observer;
  // All of one shape, whichever methods there are: they are called in one place, one after the other.
  const erased = { begin, head, end } as Observer;
  return { ...layer, observer: erased, wrap: (next) => observed(clock, [erased], next) };
}

/**
 * Nested observers (outermost first) as one handler: they share the wait for the reply and the readings of the clock.
 * Each begins before and ends after those inside it.
 */
export function observed(clock: Clock, observers: readonly Observer[], next: Handler): Handler {
  const last = observers.length - 1;
  return async (exchange) => {
    const beganAtMs = clock.now();
    const notes: unknown[] = [];
    for (const observer of observers) notes.push(observer.begin?.(exchange));
    const tellEnd = (ending: Ending) => {
      for (let i = last; i >= 0; i -= 1) (observers[i] as Observer).end(exchange, notes[i], ending);
    };
    let reply: Reply;
    try {
      reply = await next(exchange);
    } catch (thrown) {
      const error = asMeshError(thrown);
      const nowMs = clock.now();
      tellEnd({ reply: null, error, bytes: 0, beganAtMs, headAtMs: nowMs, endedAtMs: nowMs });
      throw error;
    }
    const headAtMs = clock.now();
    for (let i = last; i >= 0; i -= 1) observers[i]?.head?.(exchange, notes[i], reply);
    reply.body.onEnd(({ error, bytes }) =>
      tellEnd({ reply, error, bytes, beganAtMs, headAtMs, endedAtMs: clock.now() }),
    );
    return reply;
  };
}
