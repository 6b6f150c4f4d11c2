import { asMeshError, MeshError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Layer } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { pause } from '../pause.ts';
import type { Reply } from '../reply.ts';
import { pathnameOf } from '../routing/match.ts';
import type { RuleSettle } from '../routing/rule.ts';
import { ruleNow } from '../routing/rule-now.ts';
import { untilAborted } from '../until-aborted.ts';
import { safeMethods } from './mirror.ts';

/** Kept of a deadline, so that a reply is handed on before it: timers may be this late (`Clock.after`), ms. */
const marginMs = 25;
const backoffMsMin = 50;
const backoffMsMax = 500;

/**
 * Settles what requests change: a client that has its reply finds the change on every side. While that fails, reads go
 * to the side that takes the writes. Knows nothing of what settling means; the Service of the policy does.
 */
export function settle({ clock, random, settlers, inForce, meters }: Parts): Layer {
  const count = (exchange: Exchange, when: 'before' | 'after', outcome: string, beganAtMs: number) => {
    const route = exchange.route?.rule.route ?? '';
    meters.settles(route, when, outcome).value += 1;
    meters.settleDurations(route, when).record(clock.now() - beganAtMs);
  };

  const leftMs = ({ deadlineAtMs }: Exchange, limitMs: number) =>
    Math.min(limitMs, deadlineAtMs - clock.now() - marginMs);

  /** Resolves with whether a round has succeeded within `timeoutMs`. It asks again while it has `patience`. */
  const settledWithin = async (
    exchange: Exchange,
    { target }: NonNullable<RuleSettle['before']>,
    { timeoutMs, patience }: { timeoutMs: number; patience: boolean },
  ): Promise<boolean> => {
    const beganAtMs = clock.now();
    const endsAtMs = beganAtMs + leftMs(exchange, timeoutMs);
    let backoffMs = backoffMsMin;
    for (;;) {
      const inTime = new Promise<boolean>((resolve) => {
        const cancel = clock.after(Math.max(0, endsAtMs - clock.now()), () => resolve(false));
        void settlers
          .of(target)
          .join()
          .then((settled) => {
            cancel();
            resolve(settled);
          });
      });
      if (await untilAborted(exchange, inTime)) break;
      const waitMs = backoffMs * (0.5 + random() / 2);
      if (!patience || clock.now() + waitMs >= endsAtMs) {
        count(exchange, 'before', 'failed', beganAtMs);
        return false;
      }
      await pause(clock, exchange, waitMs);
      backoffMs = Math.min(backoffMsMax, backoffMs * 2);
    }
    count(exchange, 'before', 'settled', beganAtMs);
    return true;
  };

  const settledFirst = async (exchange: Exchange, before: NonNullable<RuleSettle['before']>) => {
    const { timeoutMs, retryAfterS } = before.policy;
    if (await settledWithin(exchange, before, { timeoutMs, patience: true })) return;
    throw new MeshError('not_settled', 'What this request depends on could not be settled in time.', { retryAfterS });
  };

  const settledBehind = async (exchange: Exchange, { target, policy }: NonNullable<RuleSettle['after']>) => {
    const beganAtMs = clock.now();
    const { timeoutMs } = policy;
    const gone = exchange.aborted?.code === 'client_closed';
    const limitMs = gone ? timeoutMs : leftMs(exchange, timeoutMs);
    const outcome = await settlers.of(target).after(limitMs, limitMs === timeoutMs);
    count(exchange, 'after', outcome, beganAtMs);
  };

  const handled = async (next: Handler, exchange: Exchange, plan: RuleSettle): Promise<Reply> => {
    const { before, after } = plan;
    const isSafe = safeMethods.has(exchange.method);
    const isBehind = () => after?.reads === true && !settlers.of(after.target).settled;
    let behind = isBehind();
    if (before?.matches(exchange, pathnameOf(exchange.path))) {
      // A read has another way, so it waits no longer than the reply to a write does, and is never refused.
      if (!isSafe || after?.reads !== true) await settledFirst(exchange, before);
      else if (!behind) {
        const { timeoutMs } = after.policy;
        behind = !(await settledWithin(exchange, before, { timeoutMs, patience: false }));
      }
      // The weights may have changed meanwhile.
      const { route } = exchange;
      if (route !== null) exchange.route = { ...route, rule: ruleNow(inForce.routes, route.rule) };
    }
    if (after === null) return next(exchange);
    // A session must not bring the client back to the side that is behind.
    if (behind || isBehind()) exchange.weighedBy = after.writes;
    if (isSafe) return next(exchange);
    let reply: Reply;
    try {
      reply = await next(exchange);
    } catch (thrown) {
      if (asMeshError(thrown).delivery === 'maybe_sent') {
        const settled = settledBehind(exchange, after);
        // Nothing waits for the reply of a client that has gone.
        if (exchange.aborted?.code !== 'client_closed') await settled;
      }
      throw thrown;
    }
    try {
      await untilAborted(exchange, settledBehind(exchange, after));
    } catch (thrown) {
      reply.body.discard();
      throw thrown;
    }
    return reply;
  };

  return {
    name: 'settle',
    scope: 'route',
    sentence:
      'Settles what a request changes, or depends on, by asking the Service of the policy; while that fails, sends reads where writes go. Off by default.',
    inside: [
      { name: 'route', reason: 'the resources are those of the route' },
      { name: 'deadline', reason: 'a reply waits no longer than its client' },
      { name: 'hold', reason: 'a request in flight ends when what it changes has settled' },
    ],
    wrap: (next) => (exchange) => {
      const plan = exchange.route?.rule.settle;
      return plan === undefined || exchange.upgrade !== null ? next(exchange) : handled(next, exchange, plan);
    },
  };
}
