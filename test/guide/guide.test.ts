import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../architecture/sources.ts';
import { type Platform, startPlatform } from '../support/platform.ts';
import { missingLine, stepsOf } from './steps.ts';

const run = promisify(execFile);
const folder = join(root, 'docs/guide');

let platform: Platform;
before(async () => {
  platform = await startPlatform('monolith');
});
after(() => platform?.stop());

/**
 * The reader's platform has the ports of the file; the test's has its own, and nothing else in the commands is changed.
 */
function here(commands: string): string {
  return commands
    .replaceAll('http://127.0.0.1:8080', platform.edge)
    .replaceAll('http://127.0.0.1:9990', platform.admin)
    .replaceAll('npm run ', 'npm run --silent ');
}

for (const chapter of readdirSync(folder).filter((name) => /^\d/.test(name))) {
  const { steps } = stepsOf(readFileSync(join(folder, chapter), 'utf8'));
  describe(`the guide, ${chapter}`, () => {
    for (const { title, commands, sees } of steps) {
      test(`${title}: ${commands.split('\n')[0]}`, async () => {
        assert.ok(sees.length > 0, 'the reader is told what they will see');
        const { stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', here(commands)], {
          cwd: root,
          timeout: 60_000,
          env: {
            ...process.env,
            MESH_ADMIN_URL: platform.admin,
            CREDENTIALS: platform.stack.credentials ?? '',
            BANYAN_STACK: platform.stackName,
          },
        });
        assert.equal(missingLine(sees, stdout + stderr), null, `${stdout}${stderr}`);
      });
    }
  });
}
