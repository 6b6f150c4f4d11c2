/** How much of everything: bounded in count and time, so that a run ends by itself. */
export interface ResourcePlan {
  /** Of each way, thrown away. It also tells how much one connection carries. */
  warmUpMs: number;
  /** Rounds of the four ways, interleaved. */
  rounds: number;
  /** The least length of a way in one round. */
  windowMs: number;
  /** Requests of one way in all rounds: p99 takes 368. */
  requests: number;
}

export const fullPlan: ResourcePlan = { warmUpMs: 2_000, rounds: 5, windowMs: 3_000, requests: 600 };
export const quickPlan: ResourcePlan = { warmUpMs: 500, rounds: 3, windowMs: 1_000, requests: 390 };

/** Share of what one connection of the slowest way carries: below saturation, also of the monolith. */
const share = 0.4;
/** Enough for the percentiles, and little for the fast ways. */
const perSecondMax = 200;
const windowMsMax = 20_000;

/** The rate that is offered to all ways, and how long. @param slowestPerSecond what one connection of the slowest way carries */
export function loadOf(plan: ResourcePlan, slowestPerSecond: number): { perSecond: number; durationMs: number } {
  const perSecond = Math.min(perSecondMax, Math.max(1, Math.round(share * slowestPerSecond)));
  const needed = (plan.requests / plan.rounds / perSecond) * 1_000;
  return { perSecond, durationMs: Math.min(windowMsMax, Math.max(plan.windowMs, Math.ceil(needed))) };
}
