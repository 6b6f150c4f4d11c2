import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isPublic, recordAnswered } from './answered-routes.ts';
import type { Case } from './api.ts';
import { describeContract } from './runner.ts';
import { type Monolith, monolithAlone, type Side, startMonolith } from './sides.ts';
import { ofMonolith, ofServices } from './suites.ts';

/** What the cases of all suites have asked for with success. */
const answered = new Set<string>();

// One monolith serves all suites of what has no service, as the edge does.
let shared: Promise<Monolith> | undefined;
after(async () => (await shared)?.shop.close());

async function sharedMonolith(): Promise<Side> {
  shared ??= startMonolith({ prepare: ({ app }) => recordAnswered(app, answered) });
  const { url, tokens } = await shared;
  return { urls: [url], tokens, close: async () => {} };
}

const recordedMonolith = () => monolithAlone(({ app }) => recordAnswered(app, answered));

function describeAll(suites: Readonly<Record<string, readonly Case[]>>, side: () => Promise<Side>): void {
  for (const [resource, cases] of Object.entries(suites)) {
    describeContract(resource, cases, { 'the monolith alone': side });
  }
}
describeAll(ofMonolith, sharedMonolith);
describeAll(ofServices, recordedMonolith);

/** The requests that never succeed: no gateway here asks for a confirmation. */
const neverAnswered = ['POST /v2/orders/:id/transactions/:transaction/confirm'];

test('every path and method of the API is asked for with success by a case', async () => {
  const { shop } = (await shared) ?? assert.fail('the suites have not run');
  const all = shop
    .routes()
    .filter(isPublic)
    .map(({ method, path }) => `${method} ${path}`);
  assert.ok(all.length > 150, `${all.length} routes are known`);
  const missing = all.filter((route) => !answered.has(route));
  assert.deepEqual(missing.sort(), neverAnswered);
});
