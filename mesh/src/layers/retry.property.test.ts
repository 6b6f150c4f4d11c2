import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../clock.ts';
import { Endpoint } from '../discovery/endpoint.ts';
import { Service } from '../discovery/service.ts';
import { MeshError } from '../errors.ts';
import { Exchange } from '../exchange.ts';
import type { Handler } from '../layer.ts';
import { HeldMemory } from '../memory/held-memory.ts';
import type { Parts } from '../parts.ts';
import { hedgeLeastMeasurements } from '../policy/hedge.ts';
import { seeded } from '../policy/testing.ts';
import { localReply } from '../reply.ts';
import type { RouteMatch } from '../routing/rule.ts';
import { latenciesOf } from '../service-state/retries.ts';
import { createMeters } from '../telemetry/meters.ts';
import { backendPolicy, backendRef, routePolicy, rule } from '../testing/config.ts';
import { hedge } from './hedge.ts';
import { retry } from './retry.ts';

const memory = new HeldMemory(Number.POSITIVE_INFINITY);

/** Time that passes when the test says so: to the next timer, once all tasks that are due have run. */
class FakeClock implements Clock {
  nowMs = 1_000_000;
  readonly #timers = new Set<{ atMs: number; task: () => void }>();
  now = () => this.nowMs;
  wall = () => this.nowMs;
  after = (delayMs: number, task: () => void) => {
    const timer = { atMs: this.nowMs + delayMs, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** False if no timer is set. */
  step(): boolean {
    let next: { atMs: number; task: () => void } | null = null;
    for (const timer of this.#timers) if (next === null || timer.atMs < next.atMs) next = timer;
    if (next === null) return false;
    this.#timers.delete(next);
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.task();
    return true;
  }
}

const methods = ['GET', 'PUT', 'POST'] as const;
/** How an attempt can end. */
const ends = ['ok', '503', 'reset', 'refused', 'hang'] as const;

const world = fc.record({
  seed: fc.integer(),
  requests: fc.integer({ min: 1, max: 60 }),
  gapMs: fc.integer({ min: 0, max: 400 }),
  endpoints: fc.integer({ min: 1, max: 4 }),
  attempts: fc.integer({ min: 0, max: 100 }),
  backoffMs: fc.integer({ min: 1, max: 300 }),
  percent: fc.integer({ min: 0, max: 100 }),
  minRetriesPerSecond: fc.integer({ min: 0, max: 5 }),
  hedges: fc.integer({ min: 0, max: 5 }),
  deadlineMs: fc.integer({ min: 50, max: 2000 }),
  weights: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: ends.length, maxLength: ends.length }),
});

test('whatever the configuration and the failures: within the budget, not past the deadline, on untried endpoints, and no forbidden repetition', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const clock = new FakeClock();
      const random = seeded(given.seed);
      const ttlMs = 10_000;
      const service = new Service(
        'shop',
        80,
        backendPolicy({
          retryBudget: { percent: given.percent, minRetriesPerSecond: given.minRetriesPerSecond, ttlMs },
          ...(given.hedges === 0 ? {} : { hedging: { percentile: 50, minDelayMs: 1, maxHedges: given.hedges } }),
        }),
      );
      service.endpoints = Array.from(
        { length: given.endpoints },
        (_, i) => new Endpoint('shop', { host: '10.0.0.1', port: 8000 + i }, null as never, 0),
      );
      // Known in advance, so that hedges start with the first request.
      for (let i = 0; i < hedgeLeastMeasurements; i += 1) latenciesOf(service).add(clock.now(), 10);
      const meters = createMeters();
      const parts = { clock, random, meters } as unknown as Parts;
      /** Of retries, requeues and hedges. */
      const extraTimes: number[] = [];
      const depositTimes: number[] = [];
      const total = given.weights.reduce((sum, weight) => sum + weight, 0);

      const endOf = () => {
        let point = random() * total;
        for (const [i, weight] of given.weights.entries()) {
          point -= weight;
          if (point < 0) return ends[i];
        }
        return 'ok';
      };

      /** The inner handler: chooses an endpoint as balancing does, then fails or succeeds. */
      const upstream: Handler = (exchange) =>
        new Promise((resolve, reject) => {
          assert.ok(clock.now() <= exchange.deadlineAtMs, 'no attempt starts after the deadline');
          const tried = exchange.tried ?? [];
          const untried = service.endpoints.filter((endpoint) => !tried.includes(endpoint));
          assert.ok(!exchange.hedge || untried.length > 0, 'a hedge has an endpoint of its own');
          const among = untried.length > 0 ? untried : service.endpoints;
          exchange.endpoint = among[Math.floor(random() * among.length)] as Endpoint;
          exchange.facts.attempts += 1;
          if (exchange.facts.attempts > 1) extraTimes.push(clock.now());
          const end = endOf();
          if (end !== 'refused') sent.set(exchange.facts.id, (sent.get(exchange.facts.id) ?? 0) + 1);
          exchange.onAbort(reject);
          if (end === 'hang') return;
          clock.after(random() * 50, () => {
            if (end === 'ok') resolve(localReply(200, [], 'ok'));
            else if (end === '503') resolve(localReply(503, [], 'failed'));
            else if (end === 'reset') reject(new MeshError('upstream_reset', '', { delivery: 'maybe_sent' }));
            else reject(new MeshError('connect_failed', '', { delivery: 'not_sent' }));
          });
        });
      const handle = retry(parts).wrap(hedge(parts).wrap(upstream));

      const spec = rule({
        backendRefs: [backendRef('shop')],
        retry: { codes: [503], attempts: given.attempts, backoffMs: given.backoffMs },
      });
      const backend = { service, weight: 1, spec: backendRef('shop') };
      const match = {
        rule: { route: 'r', index: 0, id: 'r/0', backends: [backend], weightSum: 1, spec, policy: routePolicy() },
        match: spec.matches[0],
      } as RouteMatch;

      const sent = new Map<string, number>();
      const methodOf = new Map<string, string>();
      let open = 0;
      const send = (index: number) => {
        const method = methods[index % methods.length] as string;
        const id = String(index);
        methodOf.set(id, method);
        const exchange = new Exchange({
          facts: {
            id,
            entrance: { name: 'edge', side: 'north-south', port: 0 },
            peerAddress: '',
            clientAddress: '',
            scheme: 'http',
            startedAtMs: clock.now(),
            failure: null,
            flags: [],
            attempts: 0,
            endpoint: null,
            memory,
            bytesReceived: 0,
            span: null,
          },
          method,
          path: '/',
          authority: 'shop',
          headers: [],
          body: null,
        });
        exchange.route = match;
        exchange.backend = backend;
        exchange.deadlineAtMs = clock.now() + given.deadlineMs;
        depositTimes.push(clock.now());
        open += 1;
        const cancel = clock.after(given.deadlineMs, () => exchange.abort(new MeshError('deadline_exceeded', '')));
        handle(exchange)
          .then(
            (reply) => reply.body.discard(),
            () => {},
          )
          .finally(() => {
            cancel();
            open -= 1;
          });
      };
      for (let index = 0; index < given.requests; index += 1) clock.after(index * given.gapMs, () => send(index));
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!clock.step()) break;
      }

      assert.equal(open, 0, 'every request has an end');
      for (const [id, count] of sent) {
        if (methodOf.get(id) === 'POST') assert.ok(count <= 1, 'a POST without a key is sent once');
      }
      // The window is exact to a tenth: retries of nine tenths of the window were in the whole of it.
      const within = (times: readonly number[], untilMs: number, lengthMs: number) =>
        times.filter((atMs) => atMs > untilMs - lengthMs && atMs <= untilMs).length;
      for (const atMs of extraTimes) {
        const allowed = (given.percent / 100) * within(depositTimes, atMs, ttlMs) + given.minRetriesPerSecond * 10;
        assert.ok(within(extraTimes, atMs, ttlMs * 0.9) <= allowed + 1e-6, 'within the budget');
      }
    }),
    { numRuns: 150 },
  );
});
