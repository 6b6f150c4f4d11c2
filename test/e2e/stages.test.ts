import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { resources } from '@banyan/migration/resources';
import { askToken, enterStage, type Platform, shiftToken, startPlatform } from '../support/platform.ts';

describe('stages', { concurrency: false }, () => {
  let platform: Platform;
  before(async () => {
    // Too short: brands refuses to start.
    platform = await startPlatform('services', { env: { brands: { MIGRATION_TOKEN: 'short' } } });
  });
  after(() => platform?.stop());

  const places = async () => {
    const { places: all } = await platform.stack.statusWithPlaces();
    assert.ok(all);
    return Object.fromEntries(all.map(({ resource, at }) => [resource, at]));
  };
  /** A copy without a route stays with its service. */
  const everywhere = (at: string) =>
    Object.fromEntries(resources.map(({ name, route }) => [name, route === null ? 'service' : at]));
  const readBrands = async () => {
    const { access_token } = await askToken(platform.edge, platform.client);
    const reply = await fetch(`${platform.edge}/v2/brands`, { headers: { authorization: `Bearer ${access_token}` } });
    const { data } = (await reply.json()) as { data: unknown[] };
    return { status: reply.status, count: data.length };
  };

  test('a service that does not start leaves its resource on the monolith, with the reason; the rest moves', async () => {
    const status = await platform.stack.statusWithPlaces();
    const found = status.places?.find(({ resource }) => resource === 'brands');
    assert.equal(found?.at, 'monolith');
    assert.match(found?.down ?? '', /brands/);
    assert.equal((await places())['auth-clients'], 'service');
    const task = status.processes.migration;
    assert.equal(task?.state, 'failed');
    assert.match(task?.reason ?? '', /^exit code 1: migrate: brands: /);
    assert.deepEqual(platform.stack.failures, [], 'the platform is up');
    assert.equal((await readBrands()).status, 200);
  });

  test('a later stage moves it', async () => {
    const before = await readBrands();
    await platform.stack.restart('brands', { MIGRATION_TOKEN: 'development-only-migration-token' });
    await enterStage(platform, 'services');
    assert.deepEqual(await places(), everywhere('service'));
    assert.deepEqual(await readBrands(), before);
  });

  test('a start leaves what was put elsewhere by hand, and a stage that is named moves it', async () => {
    await shiftToken(platform, 10);
    await enterStage(platform);
    assert.deepEqual(await places(), { ...everywhere('service'), 'auth-clients': 'split' });
    await enterStage(platform, 'monolith');
    assert.deepEqual(await places(), everywhere('monolith'));
    await enterStage(platform);
    assert.deepEqual(await places(), everywhere('monolith'));
    await enterStage(platform, 'services');
    assert.deepEqual(await places(), everywhere('service'));
  });
});
