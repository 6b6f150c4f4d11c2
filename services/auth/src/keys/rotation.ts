/** `next` is published and does not sign yet, `active` signs, `retired` is published until its last token has expired. */
export type KeyState = 'next' | 'active' | 'retired';

/** Times in milliseconds since the epoch. */
export interface KeyRecord {
  kid: string;
  state: KeyState;
  createdAtMs: number;
  activatedAtMs: number | null;
  retiredAtMs: number | null;
  publishUntilMs: number | null;
}

export interface RotationPolicy {
  /** The active key is replaced at this age. */
  maxAgeMs: number;
  /** A key is published for this long before it signs, so that whoever keeps the published keys has seen it. */
  publishLeadMs: number;
  tokenTtlMs: number;
  /** An instance that cannot reach the store goes on with the key it knows for this long. */
  staleLimitMs: number;
}

/** How far the clocks of instances and verifiers may be apart. */
export const clockSkewMs = 60_000;

/**
 * Until when a key is published that is retired at `nowMs`, in milliseconds since the epoch: its last token is signed at
 * most `staleLimitMs` later, by an instance that has not learned of it, and has expired `tokenTtlMs` after that.
 */
export function retirementOf(policy: RotationPolicy, nowMs: number): number {
  return nowMs + policy.staleLimitMs + policy.tokenTtlMs + clockSkewMs;
}

/** What is to be done, in this order. */
export type RotationStep =
  | { do: 'forget'; kid: string }
  | { do: 'retire'; kid: string; publishUntilMs: number }
  | { do: 'activate'; kid: string }
  | { do: 'create'; state: 'active' | 'next' };

/** `when due`: by age. `now`: as soon as the next key has been published for long enough. `at once`: without that. */
export type RotationDemand = 'when due' | 'now' | 'at once';

/** How long the next key has still to be published before it may sign; 0 when it may. */
export function leadLeftMs(keys: readonly KeyRecord[], policy: RotationPolicy, nowMs: number): number {
  const next = keys.find(({ state }) => state === 'next');
  return next ? Math.max(0, next.createdAtMs + policy.publishLeadMs - nowMs) : policy.publishLeadMs;
}

/**
 * The steps that bring the keys to where they should be at `nowMs`. None when all is well: it may be asked as often as
 * one likes, by as many instances as one likes, one at a time. A key that has signed is published until its last token
 * has expired.
 */
export function planRotation(
  keys: readonly KeyRecord[],
  policy: RotationPolicy,
  nowMs: number,
  demand: RotationDemand = 'when due',
): RotationStep[] {
  const steps: RotationStep[] = keys
    .filter(({ state, publishUntilMs }) => state === 'retired' && publishUntilMs !== null && publishUntilMs <= nowMs)
    .map(({ kid }) => ({ do: 'forget', kid }));
  const active = keys.find(({ state }) => state === 'active');
  const next = keys.find(({ state }) => state === 'next');

  if (!active) {
    // Nothing was signed before, or by keys that are retired already: no verifier waits for this one.
    steps.push(next ? { do: 'activate', kid: next.kid } : { do: 'create', state: 'active' });
    return [...steps, { do: 'create', state: 'next' }];
  }
  if (!next) return [...steps, { do: 'create', state: 'next' }];

  const due = demand !== 'when due' || nowMs - (active.activatedAtMs ?? active.createdAtMs) >= policy.maxAgeMs;
  const mayFollow = demand === 'at once' || leadLeftMs(keys, policy, nowMs) === 0;
  if (!due || !mayFollow) return steps;
  return [
    ...steps,
    { do: 'retire', kid: active.kid, publishUntilMs: retirementOf(policy, nowMs) },
    { do: 'activate', kid: next.kid },
    { do: 'create', state: 'next' },
  ];
}
