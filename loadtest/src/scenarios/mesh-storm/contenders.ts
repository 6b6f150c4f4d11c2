/** Of the mesh's own defaults: 20 % of the requests of the last 10 s, and 10 a second. */
export const budget = { percent: 20, minRetriesPerSecond: 10, ttlS: 10 };

export interface Contender {
  name: string;
  /** Of all three services. */
  policy: object;
  /** Whether the routes to them have retries. */
  retries: boolean;
  /** Whether the services pass on what the mesh says about trying again. */
  passesOn: boolean;
}

const off = { circuitBreaker: { enabled: false } };
const bounded = {
  ...off,
  retryBudget: {
    percent: budget.percent,
    minRetriesPerSecond: budget.minRetriesPerSecond,
    ttl: `${budget.ttlS}s`,
  },
};

export const contenders: readonly Contender[] = [
  { name: 'no-retries', policy: off, retries: false, passesOn: false },
  // As far open as the mesh's budget goes: every request may be retried, at every hop.
  {
    name: 'naive-retries',
    policy: { ...off, retryBudget: { percent: 100, minRetriesPerSecond: 100_000 } },
    retries: true,
    passesOn: false,
  },
  { name: 'budget-each-hop', policy: bounded, retries: true, passesOn: false },
  { name: 'budget', policy: bounded, retries: true, passesOn: true },
];

/**
 * The most that a service may get for each request that was offered to the first while it failed: every request once, and
 * what its budget holds. Requests before the failures (`quietMs`) have paid in, too, as far back as the budget remembers; the
 * floor is there whole at the start and again when it is forgotten, which the budget does a tenth of its time early.
 */
export function amplificationBound(perSecond: number, quietMs: number, failMs: number): number {
  const { percent, minRetriesPerSecond, ttlS } = budget;
  const failS = failMs / 1000;
  const paidIn = (percent / 100) * perSecond * (failS + Math.min(ttlS, quietMs / 1000));
  const floor = minRetriesPerSecond * ttlS * Math.ceil(failS / (0.9 * ttlS));
  return 1 + (paidIn + floor) / (perSecond * failS);
}
