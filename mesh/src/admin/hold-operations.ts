import { ControlError } from '../control/control-error.ts';
import type { HoldPlan } from '../control/hold-plan.ts';
import type { Holds } from '../hold/holds.ts';
import { fieldsOf, textOf } from './fields.ts';
import type { AdminRequest, Operation } from './server.ts';

/** The paths of a hold: of all rules of a route, and of one by its name. */
export const holdPaths = ['/routes/:name/hold', '/routes/:name/rules/:rule/hold'] as const;

/** Less than the time that a worker has for a reply. */
const waitMsMax = 1500;
const defaults = { forMs: 5000, maxWaiting: 1000 };
const forMsMax = 60_000;
const maxWaitingMax = 100_000;

/** What the rules have in flight and waiting in this process. */
export function holdStatusOperations(holds: Holds): Operation[] {
  return holdPaths.map((path) => ({
    methods: ['GET'],
    path,
    right: 'read',
    summary: `Whether requests wait, how many, and how many are in flight from before. ?waitMs= (up to ${waitMsMax}): replies when none of those is left, or after that time.`,
    handle: async ({ params, query }) => {
      const { route, rule } = targetOf(params);
      const waitMs = wholeOf('waitMs', query.get('waitMs') ?? '0', 0, waitMsMax);
      if (waitMs > 0) await holds.drained(route, rule, waitMs);
      return { json: { route, rule, ...holds.status(route, rule) } };
    },
  }));
}

/** Holds and releases rules. */
export function holdOperations(plan: HoldPlan): Operation[] {
  return holdPaths.flatMap((path): Operation[] => [
    {
      methods: ['POST', 'PUT'],
      path,
      right: 'change',
      summary: `New requests wait: {"forMs":${defaults.forMs},"maxWaiting":${defaults.maxWaiting},"who":"…","why":"…"}. When every worker has it in force, this replies.`,
      handle: ({ params, body }) => {
        const { route, rule } = targetOf(params);
        const { forMs = defaults.forMs, maxWaiting = defaults.maxWaiting, who, why } = fieldsOf(body);
        const held = plan.hold(route, rule, {
          forMs: wholeOf('forMs', forMs, 1, forMsMax),
          maxWaiting: wholeOf('maxWaiting', maxWaiting, 0, maxWaitingMax),
          who: textOf(who, 'unknown'),
          why: textOf(why, ''),
        });
        return { json: { route, rule, forMs: held.endsInMs, maxWaiting: held.maxWaiting } };
      },
    },
    {
      methods: ['DELETE'],
      path,
      right: 'change',
      summary:
        'The requests that wait go on: {"who":"…","why":"…"}. "released" is false where the hold had ended by itself.',
      handle: ({ params, body }) => {
        const { route, rule } = targetOf(params);
        const { who, why } = fieldsOf(body);
        const released = plan.release(route, rule, { who: textOf(who, 'unknown'), why: textOf(why, '') });
        return { json: { route, rule, released } };
      },
    },
  ]);
}

function targetOf({ name = '', rule }: AdminRequest['params']): { route: string; rule: string | null } {
  return { route: name, rule: rule ?? null };
}

function wholeOf(name: string, value: unknown, min: number, max: number): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw new ControlError('invalid', [`"${name}" must be a whole number from ${min} to ${max}`]);
}
