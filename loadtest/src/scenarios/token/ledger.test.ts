import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRun } from '../../measure/run.ts';
import type { Window } from '../../proof/stage.ts';
import { causeOf } from './ledger.ts';

const debt = { number: 2, name: 'token-table-unindexed', tunable: true, path: 'token', summary: 'scanned' };
const window = (latencyMs: number[], cpuUs: Record<string, number>, errors: Record<string, number> = {}): Window => ({
  run: { ...emptyRun(), latencyMs, atMs: latencyMs.map(() => 0), errors },
  cpuUs,
  residentBytes: {},
  othersCpuUs: null,
  lookMs: 0,
});

test('a debt costs the median of the differences between neighbors: one noisy round does not move it', () => {
  const rounds = [
    { owed: window([500, 510, 520], {}), paid: window([350, 360, 370], {}) },
    { owed: window([500], {}), paid: window([2000], {}) },
    { owed: window([900], {}), paid: window([740], {}) },
  ];
  const cause = causeOf(debt, rounds);
  assert.equal(cause.ms, 150);
  assert.deepEqual(cause.spreadMs, [-1500, 160]);
  assert.equal(cause.cpuMs, null);
});

test('its CPU is per request, of the monolith and its store together, over all rounds', () => {
  const rounds = [
    {
      owed: window([500, 500], { monolith: 400_000, postgres: 600_000 }),
      paid: window([300, 300], { 'monolith-tuned': 400_000, postgres: 200_000 }),
    },
    {
      owed: window([500, 500], { monolith: 420_000, postgres: 580_000 }),
      paid: window([300, 300], { 'monolith-tuned': 400_000, postgres: 200_000 }),
    },
  ];
  assert.equal(causeOf(debt, rounds).cpuMs, 200);
});

test('its failed requests are counted on both sides', () => {
  const rounds = [{ owed: window([1], {}, { 'status 500': 2 }), paid: window([1], {}, { timeout: 1 }) }];
  assert.equal(causeOf(debt, rounds).errors, 3);
});
