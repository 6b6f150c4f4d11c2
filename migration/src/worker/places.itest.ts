import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MigrationError } from '../errors.ts';
import { type Moving, openMoving, type RunningWorker } from '../testing/moving.ts';

describe('the places of resources', { concurrency: false }, () => {
  let moving: Moving;
  let one: RunningWorker;
  let isDown = false;
  before(async () => {
    moving = await openMoving((service) => ({
      ...service,
      ownership: async (resource) => {
        if (isDown) throw new MigrationError('target_unavailable', 'no instance');
        return service.ownership(resource);
      },
    }));
    one = await moving.worker();
    await moving.addBrand('one');
  });
  after(() => moving.drop());

  const place = async (name: string) => {
    const found = (await one.worker.places()).find(({ resource }) => resource === name);
    assert.ok(found);
    return found;
  };
  const brands = async () => {
    const { at, moved, copied, down } = await place('brands');
    return { at, moved, copied, down };
  };

  test('a resource begins on the monolith, where nothing has put it', async () => {
    assert.deepEqual(await brands(), { at: 'monolith', moved: false, copied: false, down: null });
  });

  test('a backfill copies it, and moves nothing', async () => {
    await one.run('backfill');
    assert.deepEqual(await brands(), { at: 'monolith', moved: false, copied: true, down: null });
  });

  test('weights that a person has set count as a move, and those of a switch do not', async () => {
    const rule = { rule: 'reads', weights: { monolith: 90, brands: 10 } };
    moving.weights.set('brands', [{ ...rule, setBy: 'migration' }]);
    assert.equal((await brands()).moved, false);
    moving.weights.set('brands', [{ ...rule, setBy: 'ann' }]);
    assert.equal((await brands()).moved, true);
    moving.weights.clear();
  });

  test('a switch that is undone is told as the failure, and is no move', async () => {
    moving.mesh.refuses = 'hold';
    await one.run('switch');
    moving.mesh.refuses = null;
    assert.equal((await brands()).moved, false);
    assert.match((await place('brands')).failure ?? '', /the mesh refuses hold/);
  });

  test('a switch moves it, also back again', async () => {
    await one.run('switch', { target: 'service' });
    assert.deepEqual(await brands(), { at: 'service', moved: true, copied: true, down: null });
    await one.run('switch', { target: 'monolith' });
    assert.deepEqual(await brands(), { at: 'monolith', moved: true, copied: true, down: null });
  });

  test('a resource with an owner does not move by its route alone', async () => {
    await assert.rejects(one.worker.route('brands', 'service'), /switch it/);
  });

  test('a service that does not respond is told with the reason', async () => {
    isDown = true;
    assert.equal((await brands()).down, 'no instance');
    isDown = false;
  });
});
