import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backoffMs } from './backoff.ts';
import { Outage } from './outage.ts';
import { RetryBudget } from './retry-budget.ts';
import { seeded } from './testing.ts';

interface World {
  perSecond: number;
  endpoints: number;
  attempts: number;
  /** Share of the attempts on endpoint `index` that fail at `nowMs`. */
  failShare: (index: number, nowMs: number) => number;
  durationMs: number;
}

interface Seen {
  /** Of all requests: when it came, and whether it failed in the end. */
  requests: { atMs: number; failed: boolean }[];
  attemptsMs: number[];
}

/** Plays requests, their retries by the mesh's own defaults, and a reply after 5 ms. */
function play({ perSecond, endpoints: count, attempts, failShare, durationMs }: World): Seen {
  const random = seeded(7);
  const outage = new Outage<object>();
  const budget = new RetryBudget({ percent: 20, minRetriesPerSecond: 10, ttlMs: 10_000 });
  const endpoints = Array.from({ length: count }, (_, index) => ({ index }));
  const seen: Seen = { requests: [], attemptsMs: [] };
  /** The events that are due, by time. */
  const due: { atMs: number; run: () => void }[] = [];
  const at = (atMs: number, run: () => void) => {
    let place = due.length;
    while (place > 0 && (due[place - 1]?.atMs ?? 0) <= atMs) place -= 1;
    due.splice(place, 0, { atMs, run });
  };
  const attempt = (atMs: number, retries: number, tried: number, request: { failed: boolean }) => {
    seen.attemptsMs.push(atMs);
    const index = (tried + 1 + Math.floor(random() * Math.max(1, count - 1))) % count;
    const endpoint = endpoints[index] as object;
    const fails = random() < failShare(index, atMs);
    const endMs = atMs + 5;
    at(endMs, () => {
      if (!fails) {
        outage.succeeded(endpoint, endMs);
        return;
      }
      outage.failed(endpoint, endMs);
      if (retries < attempts && !outage.isOut(endpoints, endMs) && budget.tryWithdraw(endMs)) {
        const waitMs = backoffMs({ baseMs: 25, maxMs: 250, jitter: 'Full' }, retries + 1, 0, 0, random);
        at(endMs + waitMs, () => attempt(endMs + waitMs, retries + 1, index, request));
      } else request.failed = true;
    });
  };
  // The last one first: each is put before those that are later.
  for (let n = (durationMs / 1000) * perSecond - 1; n >= 0; n -= 1) {
    const atMs = (n * 1000) / perSecond;
    at(atMs, () => {
      const request = { atMs, failed: false };
      seen.requests.push(request);
      budget.deposit(atMs);
      attempt(atMs, 0, Math.floor(random() * count), request);
    });
  }
  for (let next = due.pop(); next !== undefined; next = due.pop()) next.run();
  return seen;
}

const [sickFromMs, sickToMs] = [10_000, 15_000];
const within = (ms: number) => ms >= sickFromMs && ms < sickToMs;
const load = ({ requests, attemptsMs }: Seen) =>
  attemptsMs.filter(within).length / requests.filter(({ atMs }) => within(atMs)).length;
const lost = ({ requests }: Seen, fromMs: number, toMs: number) =>
  requests.filter(({ atMs, failed }) => failed && atMs >= fromMs && atMs < toMs).length;

describe('all instances are failing for 5 s', () => {
  for (const perSecond of [10, 50, 200, 1000]) {
    // At a low rate, more retries happen before an outage can be told from chance.
    for (const attempts of perSecond > 10 ? [2, 5] : [2]) {
      test(`${perSecond} requests a second, ${attempts} retries: at most 1.2 times the load, and recovery at once`, () => {
        const sick = (_index: number, nowMs: number) => (within(nowMs) ? 1 : 0);
        const seen = play({ perSecond, endpoints: 5, attempts, failShare: sick, durationMs: 20_000 });
        assert.ok(load(seen) <= 1.2, `${load(seen)} times`);
        assert.equal(lost(seen, sickToMs, 20_000), 0);
      });
    }
  }

  test('also where one attempt of a hundred succeeds', () => {
    const sick = (_index: number, nowMs: number) => (within(nowMs) ? 0.99 : 0);
    const seen = play({ perSecond: 500, endpoints: 5, attempts: 2, failShare: sick, durationMs: 20_000 });
    assert.ok(load(seen) <= 1.2, `${load(seen)} times`);
  });

  test('retries of later failures are there again at once', () => {
    // All are out, then one of five stays out.
    const sick = (index: number, nowMs: number) => (within(nowMs) || (nowMs >= sickToMs && index === 0) ? 1 : 0);
    const seen = play({ perSecond: 50, endpoints: 5, attempts: 2, failShare: sick, durationMs: 30_000 });
    // The first few find out.
    assert.ok(lost(seen, sickToMs, 30_000) <= 2, `${lost(seen, sickToMs, 30_000)} lost`);
  });
});

describe('a part of a service is failing', () => {
  test('one instance of five: nothing is lost', () => {
    const seen = play({
      perSecond: 50,
      endpoints: 5,
      attempts: 2,
      failShare: (index, nowMs) => (within(nowMs) && index === 0 ? 1 : 0),
      durationMs: 20_000,
    });
    assert.equal(lost(seen, 0, 20_000), 0);
  });

  test('half of all attempts: retries go on, within the budget', () => {
    const half = (_index: number, nowMs: number) => (within(nowMs) ? 0.5 : 0);
    const seen = play({ perSecond: 200, endpoints: 2, attempts: 3, failShare: half, durationMs: 20_000 });
    const failed = lost(seen, sickFromMs, sickToMs) / (5 * 200);
    assert.ok(failed < 0.4, `${failed} failed, half of them would without retries`);
  });
});
