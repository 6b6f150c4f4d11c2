import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { bundled, bundleFile } from './bundle.ts';

test('the bundle of TypeBox is that of the installed version; otherwise: npm run vendor -w @banyan/kit', async () => {
  assert.ok((await readFile(bundleFile, 'utf8')) === (await bundled()));
});
