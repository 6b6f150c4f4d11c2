import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { openApi } from './api.ts';
import { everySecondRequest } from './both-sides.ts';
import { groupFieldCases } from './groups-fields.ts';
import * as groups from './groups-goods.ts';
import { brands, categories, collections } from './moved-services.ts';

for (const [moved, group] of [
  [brands, groups.brands],
  [categories, groups.categories],
  [collections, groups.collections],
] as const) {
  describe(`after all writes of fields of ${moved.name}, both sides have the same digests`, () => {
    for (const owner of ['monolith', 'service'] as const) {
      test(`while the ${owner} owns them`, async () => {
        const side = await everySecondRequest(moved, owner);
        try {
          for (const { run } of groupFieldCases(group)) await run(openApi({ ...side, tag: randomUUID() }));
          const { clean, compared } = await side.parity();
          assert.equal(clean, true);
          assert.ok(compared > 10);
        } finally {
          await side.close();
        }
      });
    }
  });
}
