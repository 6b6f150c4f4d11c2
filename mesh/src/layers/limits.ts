import type { LimitsPolicy } from '../config/policy-model.ts';
import type { Service } from '../discovery/service.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Layer } from '../layer.ts';
import { ConcurrencyLimit } from '../policy/concurrency-limit.ts';
import type { Parts } from './parts.ts';

type Wake = () => void;

/** The places of one service, kept through changes of the configuration. */
interface Places {
  policy: LimitsPolicy;
  limit: ConcurrencyLimit<Wake>;
  /** Of those who wait: each sets its timer anew, by the policy that is in force. */
  timers: Set<() => void>;
}

const key = Symbol('limits');

function placesOf(service: Service): Places {
  const { limits } = service.policy;
  const places = service.stateOf<Places>(key, () => ({
    policy: limits,
    limit: new ConcurrencyLimit<Wake>(limits),
    timers: new Set(),
  }));
  if (places.policy !== limits) {
    places.policy = limits;
    for (const wake of places.limit.resize(limits)) wake();
    for (const setTimer of places.timers) setTimer();
  }
  return places;
}

/** Requests to `service` under way and in the queue, for metrics and the admin API. */
export function occupancyOf(service: Service): { inFlight: number; queued: number } {
  const { inFlight, queued } = placesOf(service).limit;
  return { inFlight, queued };
}

/** Holds a service to as many requests at a time as its policy allows; a few wait, what is more is shed at once. */
export function limits({ clock }: Parts): Layer {
  const shed = (policy: LimitsPolicy, detail: string) =>
    new MeshError('overloaded', detail, { retryAfterS: policy.retryAfterS });

  /** Resolves when a place is taken; rejects when that took too long, or nobody waits for the reply any more. */
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
      'Bounds the requests that a service has under way; a bounded queue waits for a place, more is shed with 503.',
    inside: [
      { name: 'split', reason: 'the limits are those of the service' },
      { name: 'failover', reason: 'a place is taken at the service that is asked in the end' },
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
        // A tunnel is no longer a request that somebody waits for: it may last for days.
        if (reply.tunnelled) leave();
        else reply.body.onEnd(leave);
        return reply;
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
  };
}
