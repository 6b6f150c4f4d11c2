import type { Layer } from '../layer.ts';

/** Refuses requests before any work is done for them. */
export function admission(): Layer {
  return {
    name: 'admission',
    scope: 'request',
    sentence: 'Turns away requests whose head is malformed, ambiguous or too large.',
    inside: [{ name: 'rescue', reason: 'a refusal gets a reply and is counted and logged like any failure' }],
    wrap: (next) => (exchange) => {
      if (exchange.refused !== null) throw exchange.refused;
      return next(exchange);
    },
  };
}
