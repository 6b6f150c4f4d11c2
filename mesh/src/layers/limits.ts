import type { LimitsPolicy } from '../config/policy-model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { type Places, placesOf } from '../service-state/places.ts';

/** Bounds the requests that a service has in flight. A few more wait in a queue; the rest are shed at once. */
export function limits({ clock }: Parts): Layer {
  const shed = (policy: LimitsPolicy, detail: string) =>
    new MeshError('overloaded', detail, { retryAfterS: policy.retryAfterS });

  /** Resolves when a place is taken; rejects when the wait took too long or the exchange was aborted. */
  const queueUp = (exchange: Exchange, places: Places): Promise<void> =>
    new Promise((resolve, reject) => {
      const { limit, timers } = places;
      const sinceMs = clock.now();
      let cancelTimeout = () => {};
      const setTimer = () => {
        const { policy } = places;
        cancelTimeout();
        cancelTimeout = clock.after(Math.max(0, sinceMs + policy.queueTimeoutMs - clock.now()), () =>
          giveUp(shed(policy, `No place came free within ${policy.queueTimeoutMs} ms.`)),
        );
      };
      const leaveQueue = () => {
        cancelTimeout();
        timers.delete(setTimer);
        exchange.offAbort(giveUp);
      };
      const wake = () => {
        leaveQueue();
        resolve();
      };
      const giveUp = (error: MeshError) => {
        if (!limit.withdraw(wake)) return;
        leaveQueue();
        reject(error);
      };
      if (!limit.tryQueue(wake)) {
        reject(shed(places.policy, 'The service has more requests than it can take.'));
        return;
      }
      setTimer();
      timers.add(setTimer);
      exchange.onAbort(giveUp);
    });

  return {
    name: 'limits',
    scope: 'route',
    sentence:
      'Bounds the requests that a service has in flight; a bounded queue waits for a place, the rest is shed with 503.',
    inside: [
      { name: 'split', reason: 'the limits are those of the service' },
      { name: 'failover', reason: 'a place is taken at the service that gets the request in the end' },
      { name: 'deadline', reason: 'a request that waits for a place must not wait past its deadline' },
    ],
    wrap: (next) => async (exchange) => {
      const service = exchange.backend?.service;
      if (service === undefined) return next(exchange);
      const places = placesOf(service);
      const { limit } = places;
      if (!limit.tryEnter()) await queueUp(exchange, places);
      const leave = () => limit.leave()?.();
      try {
        const reply = await next(exchange);
        // A tunnel may last for days: it does not count as a request in flight.
        if (reply.tunneled) leave();
        else reply.body.onEnd(leave);
        return reply;
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
  };
}
