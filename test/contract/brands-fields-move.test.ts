import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { openApi } from './api.ts';
import { everySecondRequest } from './both-sides.ts';
import { brandFieldCases } from './brands-fields.ts';
import { brands } from './moved-services.ts';

describe('after all writes of fields, both sides have the same digests', () => {
  for (const owner of ['monolith', 'service'] as const) {
    test(`while the ${owner} owns brands`, async () => {
      const side = await everySecondRequest(brands, owner);
      try {
        for (const { run } of brandFieldCases) await run(openApi({ ...side, tag: randomUUID() }));
        const { clean, compared } = await side.parity();
        assert.equal(clean, true);
        assert.ok(compared > 10);
      } finally {
        await side.close();
      }
    });
  }
});
