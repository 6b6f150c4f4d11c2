import type { BodySource } from '../body.ts';
import { MeshError } from '../errors.ts';
import type { Layer } from '../layer.ts';

/** Bounds request bodies by the limit of their route. */
export function bodyLimit(): Layer {
  return {
    name: 'body limit',
    scope: 'route',
    sentence:
      "Refuses request bodies longer than the route's limit: announced ones at once, chunked ones when they pass it.",
    inside: [
      { name: 'route', reason: 'the limit is the route’s' },
      { name: 'cors', reason: 'a script can read that its body is too long' },
    ],
    wrap: (next) => (exchange) => {
      const { body } = exchange;
      const limit = exchange.route?.rule.policy.bodyLimitBytes ?? 0;
      if (body === null || limit === 0) return next(exchange);
      if (body.length !== null) {
        if (body.length > limit) throw tooLarge(limit);
        return next(exchange);
      }
      exchange.body = limited(body, limit);
      return next(exchange);
    },
  };
}

function tooLarge(limit: number): MeshError {
  return new MeshError('body_too_large', `A request body may have ${limit} bytes here.`, { delivery: 'maybe_sent' });
}

function limited(body: BodySource, limit: number): BodySource {
  return {
    length: null,
    start(sink) {
      let bytes = 0;
      body.start({
        chunk(chunk) {
          bytes += chunk.byteLength;
          if (bytes <= limit) {
            sink.chunk(chunk);
            return;
          }
          body.cancel();
          sink.fail(tooLarge(limit));
        },
        end: () => sink.end(),
        fail: (error) => sink.fail(error),
      });
    },
    pause: () => body.pause(),
    resume: () => body.resume(),
    cancel: () => body.cancel(),
  };
}
