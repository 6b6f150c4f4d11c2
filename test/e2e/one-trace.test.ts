import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { askToken, type Platform, startPlatform } from '../support/platform.ts';
import { until } from '../support/until.ts';

const limitMs = 120_000;
let platform: Platform;
let token: string;
before(async () => {
  platform = await startPlatform('services', {
    only: ['auth', 'brands', 'integrations', 'rabbitmq'],
    accompanied: true,
  });
  const broker = platform.stack.status().stores.rabbitmq;
  assert.equal(broker?.state, 'ready', broker?.reason ?? 'no reason');
  token = (await askToken(platform.edge, platform.client)).access_token;
});
after(() => platform?.stop());

/** `npm run mesh -- traces show`. */
async function shown(traceId: string): Promise<string[]> {
  const args = ['mesh/mesh.mjs', 'traces', 'show', traceId];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: new URL('../../', import.meta.url),
    env: { ...process.env, MESH_ADMIN_URL: platform.admin },
  });
  return stdout.trimEnd().split('\n');
}

test('a write at the edge is one tree with the services that it asks, its fact, and who takes the fact', async () => {
  const traceId = randomBytes(16).toString('hex');
  const name = `Traced ${randomUUID()}`;
  const made = await fetch(`${platform.edge}/v2/brands`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${'1'.repeat(16)}-01`,
    },
    body: JSON.stringify({ data: { type: 'brand', name, slug: `traced-${randomUUID()}`, status: 'live' } }),
  });
  assert.equal(made.status, 201, await made.text());

  let lines: string[] = [];
  const inOrder = [
    /mesh {2}POST \/v2\/brands 201$/,
    /mesh {2}→ brands \S+ 201$/,
    /brands {2}POST \/v2\/brands 201$/,
    /brands {2}publish \S+ brand\.created$/,
    /integrations {2}process \S+ brand\.created$/,
  ];
  await until(
    'the whole tree',
    async () => {
      lines = await shown(traceId);
      return inOrder.every((pattern) => lines.some((line) => pattern.test(line)));
    },
    { limitMs },
  );
  const depths = inOrder.map((pattern) => lines.findLast((line) => pattern.test(line))?.search(pattern) ?? -1);
  assert.deepEqual(
    depths,
    depths.toSorted((a, b) => a - b),
    lines.join('\n'),
  );
  assert.equal(new Set(depths).size, inOrder.length, `each is below the one before it:\n${lines.join('\n')}`);
  assert.match(lines[0] ?? '', /^BEGAN +TOOK +SPAN$/);
  assert.ok(!lines.join('\n').includes(token), 'no secret is in a trace');
});
