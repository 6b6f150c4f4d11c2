import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fieldOn, flowNamed } from '../flows/testing.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { makePromotion } from './testing.ts';

let it: TestShop;
before(async () => {
  it = await openTestShop();
});
after(() => it.close());

// What the API promises is in test/contract/promotions.ts.
describe('promotions', () => {
  test('have attributes, and fields of their flow', async () => {
    await flowNamed(it, 'promotions');
    await fieldOn(it, 'promotions', { slug: 'campaign' });
    const id = await makePromotion(it, { campaign: 'Spring' });
    assert.equal((await it.admin('GET', `/v2/promotions/${id}`)).body.data.campaign, 'Spring');
    const { body } = await it.admin('GET', '/v2/promotions/attributes');
    assert.equal(body.meta.entity, 'promotions');
    assert.ok(body.data.some(({ value }: { value: string }) => value === 'campaign'));
    assert.equal((await it.admin('DELETE', '/v2/flows/promotions')).status, 204);
  });
});
