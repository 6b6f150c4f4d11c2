import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../architecture/sources.ts';
import { askToken, type Platform, type SeededClient, shiftToken, startPlatform } from '../support/platform.ts';
import { commandsOf } from './steps.ts';

const run = promisify(execFile);

/** Those that act on a running platform; `npm start`, `npm test` and the load tests are run by other tests. */
const commands = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'), [
  'npm run mesh',
  'npm run seed',
  'npm run migrate',
]);

describe('the commands of README.md, with npm, on a running platform', { concurrency: false }, () => {
  let platform: Platform;
  let clients: SeededClient[] = [];
  before(async () => {
    platform = await startPlatform();
    // The shop has been used.
    await askToken(platform.monolith, platform.client);
  });
  after(() => platform?.stop());

  test('there are some of each', () => {
    for (const word of ['shift', 'status', '--replace', 'stage monolith', 'stage services', 'parity']) {
      assert.ok(
        commands.some((command) => command.includes(word)),
        word,
      );
    }
  });

  const execute = (command: string) =>
    run('bash', ['-euo', 'pipefail', '-c', command], {
      cwd: root,
      timeout: 300_000,
      env: { ...process.env, MESH_ADMIN_URL: platform.admin, BANYAN_STACK: platform.stackName },
    });

  test('a seed without --replace keeps a shop that has been used, and says how to replace it', async () => {
    const refused = execute('npm run --silent seed -- --size small');
    await assert.rejects(refused, (error: { code: number; stderr: string }) => {
      assert.match(error.stderr, /in use: .*access_tokens.*\n.*--replace/);
      return error.code === 1;
    });
    await askToken(platform.monolith, platform.client);
  });

  for (const command of commands) {
    test(command, async () => {
      // Smaller, and of another seed: every API client is another one, with dates of the same years.
      await execute(
        command.replace('--size reference', '--size small --seed 2').replace('npm run ', 'npm run --silent '),
      );
    });
  }

  test('then every API client of the new shop gets tokens from both sides', async () => {
    const file = platform.stack.credentials;
    assert.ok(file !== null);
    clients = (JSON.parse(readFileSync(file, 'utf8')) as { clients: SeededClient[] }).clients;
    assert.notEqual(clients[0]?.client_id, platform.client.client_id, 'another seed has other clients');
    await shiftToken(platform, 100);
    for (const client of clients) {
      const grant = client.kind === 'implicit' ? 'implicit' : 'client_credentials';
      const fromAuth = await askToken(platform.edge, client, grant);
      assert.equal(fromAuth.access_token.split('.').length, 3, 'a JWT comes from auth');
      await askToken(platform.monolith, client, grant);
    }
    await assert.rejects(askToken(platform.edge, platform.client), /401/, 'a client of the old shop is unknown');
  });
});
