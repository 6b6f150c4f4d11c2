import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCli } from './cli.ts';
import { progressBar } from './progress.ts';
import type { Outcome } from './proof/report-data.ts';
import { reportOf } from './proof/report-of.ts';
import type { Scenario, ScenarioOptions } from './scenarios/scenario.ts';

const folders: string[] = [];
after(() => {
  for (const path of folders) rmSync(path, { recursive: true });
});
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'load-cli-'));
  folders.push(path);
  return path;
};

function scenario(run: (options: ScenarioOptions) => Promise<Outcome>): Scenario {
  return {
    name: 'made:up',
    file: 'made-up',
    summary: 'nothing at all',
    run: async (options) => {
      const outcome = await run(options);
      return reportOf('made:up', 'Nothing', new Date(), options, {
        headline: {
          done: 'nothing',
          figure: 'no figure',
          change: '',
          stages: ['a', 'b'],
          chart: { title: '', unit: '', bars: [] },
        },
        stages: [],
        checks: [{ name: 'it holds', outcome, detail: 'or not', disturbances: [] }],
        notes: [],
      });
    },
  };
}

test('the exit code is the verdict, and the reports are there either way', async () => {
  for (const [outcome, expected] of [
    ['pass', 0],
    ['fail', 1],
    ['inconclusive', 3],
  ] as const) {
    const out = folder();
    const code = await runCli(['made:up', '--quick', '--json', '--out', out], [scenario(async () => outcome)]);
    assert.equal(code, expected);
    assert.deepEqual(readdirSync(out).sort(), ['made-up.html', 'made-up.json']);
  }
});

test('a wrong command line and a broken run have different exit codes', async () => {
  const never = [scenario(async () => assert.fail('it runs'))];
  assert.equal(await runCli(['made:up', '--seed', 'x'], never), 2);
  assert.equal(await runCli(['nothing'], never), 2);
  assert.equal(await runCli(['made:up', '--help'], never), 0);
  const broken = [scenario(() => Promise.reject(new Error('no platform')))];
  assert.equal(await runCli(['made:up', '--out', folder()], broken), 1);
});

test('a scenario of several subjects takes one of them by name, and names its reports after it', async () => {
  const measured: unknown[] = [];
  const of = {
    ...scenario(async ({ subject }) => {
      measured.push(subject);
      return 'pass';
    }),
    subjects: { kind: 'name', names: ['brands', 'carts'] },
  };
  const out = folder();
  assert.equal(await runCli(['made:up', 'carts', '--quick', '--json', '--out', out], [of]), 0);
  assert.deepEqual(readdirSync(out).sort(), ['made-up-carts.html', 'made-up-carts.json']);
  assert.equal(await runCli(['made:up', 'tokens', '--out', out], [of]), 2);
  assert.equal(await runCli(['made:up', '--out', out], [of]), 2);
  assert.deepEqual(measured, ['carts']);
});

test('a folder that cannot be written is found before anything is measured', async () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const never = [scenario(async () => assert.fail('it runs'))];
  assert.equal(await runCli(['made:up', '--out', join(file, 'in-it')], never), 1);
});

test('a signal stops the run, which cleans up first', async () => {
  let cleaned = false;
  const waiting = scenario(async ({ signal }) => {
    try {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        process.emit('SIGINT');
      });
    } finally {
      cleaned = true;
    }
    return 'pass';
  });
  const out = folder();
  assert.equal(await runCli(['made:up', '--out', out], [waiting]), 130);
  assert.ok(cleaned);
  assert.deepEqual(readdirSync(out), []);
});

test('progress without a terminal is a line for each tenth of the way', () => {
  let text = '';
  const bar = progressBar({
    isTTY: false,
    write: (more: string | Uint8Array) => {
      text += more;
      return true;
    },
  });
  for (let done = 0; done <= 100; done += 1) bar.move(done, 100, `step ${done}`);
  assert.equal(text.split('\n').length, 12);
  assert.match(text, /^load: 0 % step 0\nload: 10 % step 10\n/);
});
