import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Place } from './place.ts';
import { enterStage, type StageOrder, type StageParts, stageText } from './stage.ts';

const brands: Place = {
  resource: 'brands',
  service: 'brands',
  at: 'monolith',
  moved: false,
  copied: false,
  follows: false,
  isCopy: false,
  down: null,
  failure: null,
};
const clients: Place = { ...brands, resource: 'auth-clients', service: 'auth', follows: true };
const order: StageOrder = {
  stage: 'services',
  again: false,
  resources: [],
  services: null,
  waitMs: 0,
};

/** A worker with these places. `fails` maps a call, such as `move brands`, to its reason. */
function worker(places: Place[], fails: Record<string, string> = {}) {
  const calls: string[] = [];
  const call = async (what: string) => {
    calls.push(what);
    const reason = fails[what];
    if (reason !== undefined) throw new Error(reason);
  };
  let time = 0;
  const parts: StageParts = {
    places: async () => places,
    copy: ({ resource }) => call(`copy ${resource}`),
    move: ({ resource }, target) => call(`move ${resource} ${target}`),
    pause: async () => {
      time += 100;
    },
    clock: () => time,
  };
  return { calls, parts };
}

async function entered(places: Place[], changes: Partial<StageOrder> = {}, fails: Record<string, string> = {}) {
  const { calls, parts } = worker(places, fails);
  const outcomes = await enterStage({ ...order, ...changes }, parts, () => {});
  return { calls: calls.sort(), outcomes };
}

describe('the stage services', () => {
  test('copies each resource, then moves it', async () => {
    const { calls, outcomes } = await entered([brands, clients]);
    assert.deepEqual(calls, ['copy auth-clients', 'copy brands', 'move auth-clients service', 'move brands service']);
    assert.deepEqual(
      outcomes.map(({ at, moved, reason, failed }) => ({ at, moved, reason, failed })),
      [brands, clients].map(() => ({ at: 'service', moved: true, reason: null, failed: false })),
    );
  });

  test('copies no resource a second time', async () => {
    assert.deepEqual((await entered([{ ...brands, copied: true }])).calls, ['move brands service']);
  });

  test('skips what stands already; a follower is brought up to date', async () => {
    const there = { at: 'service', moved: true, copied: true } as const;
    const { calls, outcomes } = await entered([
      { ...brands, ...there },
      { ...clients, ...there, copied: false },
    ]);
    assert.deepEqual(calls, ['copy auth-clients']);
    assert.ok(outcomes.every(({ at, moved, failed }) => at === 'service' && !moved && !failed));
  });

  test('leaves what was put elsewhere before, unless it is told again', async () => {
    const put = [
      { ...brands, moved: true, copied: true },
      { ...clients, moved: true, at: 'split' as const },
    ];
    const first = await entered(put);
    assert.deepEqual(first.calls, ['copy auth-clients']);
    assert.deepEqual(
      first.outcomes.map(({ at, failed }) => [at, failed]),
      [
        ['monolith', false],
        ['split', false],
      ],
    );
    assert.match(first.outcomes[0]?.reason ?? '', /put there before/);
    const again = await entered(put, { again: true });
    assert.deepEqual(again.calls, ['copy auth-clients', 'move auth-clients service', 'move brands service']);
  });

  test('copies what a service keeps for its own replies, in any stage, and moves nothing', async () => {
    const links = { ...clients, resource: 'links', isCopy: true };
    for (const stage of ['services', 'monolith'] as const) {
      const { calls, outcomes } = await entered([links], { stage, again: true });
      assert.deepEqual(calls, ['copy links']);
      assert.deepEqual(
        outcomes.map(({ at, moved, failed }) => [at, moved, failed]),
        [['service', true, false]],
      );
    }
    const { outcomes } = await entered([{ ...links, at: 'service', moved: true, copied: true }], { stage: 'monolith' });
    assert.deepEqual(
      outcomes.map(({ at, moved, reason }) => [at, moved, reason]),
      [['service', false, null]],
    );
  });

  test('leaves the resource of a service that is down on the monolith with the reason, and moves the others', async () => {
    const { calls, outcomes } = await entered([{ ...brands, down: 'no instance' }, clients]);
    assert.deepEqual(calls, ['copy auth-clients', 'move auth-clients service']);
    assert.deepEqual(outcomes[0], {
      resource: 'brands',
      service: 'brands',
      at: 'monolith',
      moved: false,
      reason: 'no instance',
      failed: true,
    });
  });

  test('waits for a service that responds later', async () => {
    const late = { ...brands, down: 'no instance' };
    const { calls, parts } = worker([late]);
    let looks = 0;
    const places = async () => [++looks < 4 ? late : brands];
    const shown: string[] = [];
    const outcomes = await enterStage({ ...order, waitMs: 1_000 }, { ...parts, places }, (name, line) =>
      shown.push(`${name} ${line}`),
    );
    assert.deepEqual(calls, ['copy brands', 'move brands service']);
    assert.equal(outcomes[0]?.failed, false);
    assert.ok(shown.includes('brands waiting: no instance'));
  });

  for (const step of ['copy brands', 'move brands service']) {
    test(`says why a resource stays when this fails: ${step}`, async () => {
      const { outcomes } = await entered([brands], {}, { [step]: 'the disk is full' });
      assert.deepEqual(
        outcomes.map(({ at, reason, failed }) => [at, reason, failed]),
        [['monolith', 'the disk is full', true]],
      );
    });
  }

  test('leaves resources of services that were not started, without a failure', async () => {
    const { calls, outcomes } = await entered([brands, clients], { services: ['auth', 'mesh'] });
    assert.deepEqual(calls, ['copy auth-clients', 'move auth-clients service']);
    assert.deepEqual([outcomes[0]?.reason, outcomes[0]?.failed], ['brands was not started', false]);
  });

  test('moves only the resources that are named, and refuses one that does not exist', async () => {
    assert.deepEqual((await entered([brands, clients], { resources: ['brands'] })).calls, [
      'copy brands',
      'move brands service',
    ]);
    await assert.rejects(entered([brands], { resources: ['nothing'] }), /no resource nothing; there is: brands/);
  });
});

describe('the stage monolith', () => {
  const onServices = [
    { ...brands, at: 'service' as const, moved: true, copied: true },
    { ...clients, at: 'service' as const, moved: true },
  ];

  test('moves everything back, and keeps the follower up to date', async () => {
    const { calls, outcomes } = await entered(onServices, { stage: 'monolith', again: true });
    assert.deepEqual(calls, ['copy auth-clients', 'move auth-clients monolith', 'move brands monolith']);
    assert.ok(outcomes.every(({ at, moved }) => at === 'monolith' && moved));
  });

  test('copies nothing but the follower where everything is on the monolith', async () => {
    const { calls } = await entered([{ ...brands, down: 'no instance' }, clients], { stage: 'monolith', again: true });
    assert.deepEqual(calls, ['copy auth-clients']);
  });
});

test('the outcome is one line a resource, and a sum', async () => {
  const { outcomes } = await entered([{ ...brands, down: 'no instance' }, clients]);
  assert.equal(
    stageText(outcomes),
    [
      'brands        on the monolith: no instance',
      'auth-clients  on the auth service, moved now',
      '1 of 2 resources on their services',
    ].join('\n'),
  );
});
