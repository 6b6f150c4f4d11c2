import type { MisdirectedPolicy } from '../config/policy-model.ts';
import { MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { pause } from '../pause.ts';
import { RequestReplay } from '../replay/request-replay.ts';
import type { Reply } from '../reply.ts';
import { ruleNow } from '../routing/rule-now.ts';

/** Misdirected Request (RFC 9110 section 15.5.20): the service has done nothing with the request. */
const misdirectedStatus = 421;
/** Kept of a deadline, so that the 503 comes before it: timers may be this late (`Clock.after`), ms. */
const marginMs = 25;
const backoffMsMin = 10;
const backoffMsMax = 250;
const retryAfterS = 1;

/**
 * Routes a request again whose backend replies with 421: another one is in charge, by weights that this process did not
 * have yet when it chose, or will have in a moment. Such a request is late, and never lost or done twice.
 */
export function misdirected({ clock, random, inForce, meters }: Parts): Layer {
  const rerouted = async (next: Handler, exchange: Exchange, policy: MisdirectedPolicy): Promise<Reply> => {
    const { path, authority, failureHeaders, body, facts } = exchange;
    const headers = exchange.headers.slice();
    const replay = body === null ? null : new RequestReplay(body, policy.bodyLimitBytes, facts.memory);
    const endsAtMs = Math.min(clock.now() + policy.timeoutMs, exchange.deadlineAtMs - marginMs);
    const count = (outcome: string) => {
      meters.misdirected(exchange.route?.rule.route ?? '', outcome).value += 1;
    };
    let backoffMs = backoffMsMin;
    let again = false;
    const giveUp = (outcome: string, detail: string) => {
      count(outcome);
      return new MeshError('misdirected', detail, { retryAfterS });
    };
    try {
      for (;;) {
        if (replay !== null) exchange.body = replay.open();
        const reply = await next(exchange);
        if (reply.status !== misdirectedStatus) {
          if (again) count('rerouted');
          replay?.release();
          return reply;
        }
        reply.body.discard();
        exchange.body?.cancel();
        again = true;
        const waitMs = backoffMs * (0.5 + random() / 2);
        if (exchange.upgrade !== null || replay?.replayable === false) {
          throw giveUp('not_replayable', 'The service is not in charge, and the request cannot be sent again.');
        }
        if (clock.now() + waitMs >= endsAtMs) {
          throw giveUp('timed_out', 'No service is in charge of this request at the moment.');
        }
        await pause(clock, exchange, waitMs);
        backoffMs = Math.min(backoffMsMax, backoffMs * 2);
        const { route, weighedBy } = exchange;
        Object.assign(exchange, {
          path,
          authority,
          failureHeaders,
          headers: headers.slice(),
          backend: null,
          insteadOf: null,
          endpoint: null,
          tried: null,
          route: route === null ? null : { ...route, rule: ruleNow(inForce.routes, route.rule) },
          weighedBy: weighedBy === null ? null : ruleNow(inForce.routes, weighedBy),
        });
      }
    } catch (thrown) {
      replay?.cancel();
      throw thrown;
    }
  };

  return {
    name: 'misdirected',
    scope: 'route',
    sentence:
      'Routes a request again whose backend replies with 421, by the weights in force then; after a few seconds it gets 503. Off by default.',
    inside: [
      { name: 'route', reason: 'the policy is the route’s' },
      { name: 'deadline', reason: 'all tries together are bounded' },
      { name: 'body limit', reason: 'a body that is too long is refused, not kept for another service' },
      { name: 'settle', reason: 'a change settles once, whichever service has made it' },
      { name: 'filters', reason: 'the filters of the rule apply once' },
    ],
    wrap: (next) => (exchange) => {
      const policy = exchange.route?.rule.policy.misdirected;
      return policy === undefined ? next(exchange) : rerouted(next, exchange, policy);
    },
  };
}
