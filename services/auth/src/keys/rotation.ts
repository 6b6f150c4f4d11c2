/** `next` is published but does not sign yet. `active` signs. `retired` is published until its last token expires. */
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
  /** A key is published for this long before it signs, so that all verifiers have read it by then. */
  publishLeadMs: number;
  tokenTtlMs: number;
  /** An instance that cannot reach the store keeps signing with its last key for this long. */
  staleLimitMs: number;
}

/** How far the clocks of instances and verifiers may differ. */
export const clockSkewMs = 60_000;

/**
 * Until when a key that is retired at `nowMs` must stay published, in milliseconds since the epoch. An instance that
 * has not learned of the retirement may sign until `staleLimitMs` later. That last token expires `tokenTtlMs` after
 * that.
 */
export function retirementOf(policy: RotationPolicy, nowMs: number): number {
  return nowMs + policy.staleLimitMs + policy.tokenTtlMs + clockSkewMs;
}

/** One step of a rotation. */
export type RotationStep =
  | { do: 'forget'; kid: string }
  | { do: 'retire'; kid: string; publishUntilMs: number }
  | { do: 'activate'; kid: string }
  | { do: 'create'; state: 'active' | 'next' };

/** `when due`: by age. `now`: once the next key has been published for long enough. `at once`: without that wait. */
export type RotationDemand = 'when due' | 'now' | 'at once';

/** How long the next key must still be published before it may sign, in ms. 0 if it may sign now. */
export function leadLeftMs(keys: readonly KeyRecord[], policy: RotationPolicy, nowMs: number): number {
  const next = keys.find(({ state }) => state === 'next');
  return next ? Math.max(0, next.createdAtMs + policy.publishLeadMs - nowMs) : policy.publishLeadMs;
}

/**
 * The steps, in order, that bring the keys to the state that the policy requires at `nowMs`. Empty if they are in that
 * state, so repeated calls are harmless. Instances must apply the steps one instance at a time. A key that has signed
 * stays published until its last token has expired.
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
    // There are no tokens, or only those of retired keys, so the new key need not be published before it signs.
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
