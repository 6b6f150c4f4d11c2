import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { freshFolder } from '../../testing.ts';
import { until } from '../../until.ts';
import { type PackageSource, packageSource } from './package-source.ts';
import { debianPackages, hasApt } from './packages.ts';

const skip = hasApt(process.env) ? false : 'this machine has no apt';
const limitMs = 60_000;

async function prepared(t: TestContext) {
  const folder = freshFolder();
  const source: PackageSource = await packageSource(join(folder, 'source'), {
    'banyan-test-server': { depends: 'banyan-test-library', text: 'server'.repeat(20_000) },
    'banyan-test-library': { text: 'library' },
    'banyan-test-tools': { text: 'tools' },
  });
  t.after(() => source.stop());
  const cache = join(folder, 'cache');
  const told: string[] = [];
  const ending = new AbortController();
  const fetch = (names: readonly [string, ...string[]] = ['banyan-test-server', 'banyan-test-tools']) =>
    debianPackages(names, {
      cache,
      variables: process.env,
      progress: (text) => told.push(text),
      signal: ending.signal,
      aptOptions: source.aptOptions,
    });
  return { source, cache, told, ending, fetch };
}

const filesOf = (root: string) => readdirSync(join(root, 'usr/share')).sort();

describe('Debian packages', { skip }, () => {
  test('are fetched with what they depend on, unpacked for every user, and fetched once', async (t) => {
    const { source, cache, told, fetch } = await prepared(t);
    // What an interrupted run left behind.
    mkdirSync(join(cache, 'banyan-test-server/root.new/usr/share'), { recursive: true });
    writeFileSync(join(cache, 'banyan-test-server/root.new/usr/share/half'), '');
    const root = await fetch();
    assert.deepEqual(filesOf(root), ['banyan-test-library', 'banyan-test-server', 'banyan-test-tools']);
    assert.equal(statSync(join(root, 'usr/share/banyan-test-server')).mode & 0o444, 0o444);
    assert.deepEqual(readdirSync(join(cache, 'banyan-test-server')).sort(), ['lock', 'root']);
    assert.match(told[0] ?? '', /^fetching banyan-test-server from Debian's packages$/);
    assert.ok(told.includes('fetching banyan-test-server: unpacking'), told.join());
    const before = source.requests.length;
    assert.equal(await fetch(), root);
    assert.equal(source.requests.length, before);
  });

  test('are fetched once for two that ask at the same moment', async (t) => {
    const { source, fetch } = await prepared(t);
    const roots = await Promise.all([fetch(), fetch()]);
    assert.equal(roots[0], roots[1]);
    assert.deepEqual(source.requests.toSorted(), ['banyan-test-library', 'banyan-test-server', 'banyan-test-tools']);
  });

  test('that are cut off are continued where they ended', async (t) => {
    const { source, fetch } = await prepared(t);
    const half = 50_000;
    source.answer = (name, request, response, content) => {
      if (name !== 'banyan-test-server' || request.headers.range !== undefined) return false;
      response.writeHead(200, { 'content-length': content.length, 'accept-ranges': 'bytes' });
      response.write(content.subarray(0, half), () => response.destroy());
      return true;
    };
    const root = await fetch();
    assert.equal(readFileSync(join(root, 'usr/share/banyan-test-server'), 'utf8'), 'server'.repeat(20_000));
    const continued = source.requests.find((line) => line.startsWith('banyan-test-server '));
    assert.ok(Number(continued?.split(' ')[1]) > 0, source.requests.join());
  });

  test('that are not what the source announced are refused, and leave nothing to run', async (t) => {
    const { source, cache, fetch } = await prepared(t);
    source.answer = (name, _request, response, content) => {
      if (name === 'banyan-test-server') response.end(Buffer.from(content).fill('x', 500, 600));
      return name === 'banyan-test-server';
    };
    await assert.rejects(fetch(), {
      code: 'store_unavailable',
      message: /cannot fetch banyan-test-server .*: .*(Hash|hash|size)/,
    });
    assert.ok(!existsSync(join(cache, 'banyan-test-server/root')));
    source.answer = () => false;
    assert.equal(filesOf(await fetch()).length, 3);
  });

  test("that no source has are refused with apt's reason", async (t) => {
    const { fetch } = await prepared(t);
    await assert.rejects(fetch(['banyan-test-nothing']), /cannot fetch banyan-test-nothing .*Unable to locate package/);
  });

  test('are broken off with the launcher, and fetched by the next one', async (t) => {
    const { source, ending, cache, fetch } = await prepared(t);
    // Without a reply.
    source.answer = () => true;
    const first = fetch();
    await until(() => source.requests.length > 0, { limitMs, what: 'a request' });
    ending.abort();
    await assert.rejects(first, /was interrupted/);
    assert.ok(!existsSync(join(cache, 'banyan-test-server/root')));
    source.answer = () => false;
    const { aptOptions } = source;
    const signal = new AbortController().signal;
    const variables = process.env;
    const next = { cache, variables, progress: () => {}, signal, aptOptions };
    assert.equal(filesOf(await debianPackages(['banyan-test-server', 'banyan-test-tools'], next)).length, 3);
  });
});
