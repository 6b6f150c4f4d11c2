import type { Layer } from '../layer.ts';

/** Where requests are turned away before anything is done for them. */
export function admission(): Layer {
  return {
    name: 'admission',
    scope: 'request',
    sentence: 'Turns away requests whose head is malformed, ambiguous or too large.',
    inside: [{ name: 'rescue', reason: 'a refusal is answered, counted and logged like any failure' }],
    wrap: (next) => (exchange) => {
      if (exchange.refused !== null) throw exchange.refused;
      return next(exchange);
    },
  };
}
