import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from '../http/server.ts';
import { createLogger } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { until } from '../testing/until.ts';
import { contentPaths } from './contract.ts';
import { ContentFolder } from './folder.ts';
import { addContentRoutes } from './routes.ts';

const token = 'the token of the migration';
const maxBytes = 1_000;
const hashOf = (content: string) => createHash('sha256').update(content).digest('hex');

describe('the paths of content', () => {
  let base: string;
  let folder: ContentFolder;
  let server: Server;
  let url: string;
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'content-'));
    folder = new ContentFolder(join(base, 'content'));
    const logger = createLogger({ level: 'silent', service: 'test' });
    server = await createServer({ logger, metrics: new Metrics(), errors: {}, checks: {}, forms: false });
    addContentRoutes(server, { resource: 'things', folder, maxBytes, token });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await server.close();
    await rm(base, { recursive: true, force: true });
  });

  const call = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const put = (hash: string, content: string) =>
    call('PUT', contentPaths.content('things', hash), content, { 'content-type': 'application/octet-stream' });
  const lacking = async (hashes: unknown) =>
    call('POST', contentPaths.lacking('things'), JSON.stringify({ hashes }), { 'content-type': 'application/json' });
  const onDisk = async () => {
    const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test('content comes by its hash, once, and goes back as it came', async () => {
    const hash = hashOf('é 😀');
    assert.deepEqual(await (await lacking([hash])).json(), { lacking: [hash] });
    assert.equal((await put(hash, 'é 😀')).status, 204);
    assert.equal((await put(hash, 'é 😀')).status, 204);
    assert.deepEqual(await (await lacking([hash, hashOf('x')])).json(), { lacking: [hashOf('x')] });
    const back = await call('GET', contentPaths.content('things', hash));
    assert.deepEqual([back.status, await back.text()], [200, 'é 😀']);
    assert.deepEqual(await onDisk(), [hash]);
    assert.equal((await call('GET', contentPaths.content('things', hashOf('x')))).status, 404);
  });

  test('content with another hash, too long, or of another type is refused, and nothing of it is left', async () => {
    const before = await onDisk();
    assert.equal((await put(hashOf('this'), 'that')).status, 400);
    assert.equal((await put(hashOf('x'.repeat(1_001)), 'x'.repeat(1_001))).status, 400);
    assert.equal((await put(hashOf('x'.repeat(1_000)), 'x'.repeat(1_000))).status, 204);
    assert.equal((await call('PUT', contentPaths.content('things', hashOf('')))).status, 400);
    const json = { 'content-type': 'application/json' };
    assert.ok((await call('PUT', contentPaths.content('things', hashOf('{}')), '{}', json)).status >= 400);
    for (const wrong of ['..%2F..%2Fpasswd', 'A'.repeat(64), 'a'.repeat(63), 'incoming']) {
      assert.equal((await put(wrong, 'x')).status, 400, wrong);
      assert.equal((await call('GET', contentPaths.content('things', wrong))).status, 400, wrong);
    }
    assert.deepEqual((await onDisk()).length, before.length + 1);
  });

  test('content that is cut off leaves nothing', async () => {
    const before = await onDisk();
    const path = contentPaths.content('things', hashOf('whole'));
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/octet-stream',
      'content-length': '100',
    };
    const sent = request(url + path, { method: 'PUT', headers });
    sent.on('error', () => {});
    sent.write('half');
    await until('its beginning', async () => (await onDisk()).length > before.length);
    sent.destroy();
    await until('nothing of it', async () => (await onDisk()).length === before.length);
    assert.deepEqual(await onDisk(), before);
  });

  test('lists that make no sense are refused', async () => {
    for (const hashes of ['all', [''], ['../x'], [1], Array(1_001).fill(hashOf('x'))]) {
      assert.equal((await lacking(hashes)).status, 422, JSON.stringify(hashes).slice(0, 50));
    }
  });

  test('another credential, or none, gets 401', async () => {
    for (const authorization of ['', 'Bearer another', `Basic ${token}`]) {
      for (const [method, path] of [
        ['POST', contentPaths.lacking('things')],
        ['GET', contentPaths.content('things', hashOf('x'))],
        ['PUT', contentPaths.content('things', hashOf('x'))],
      ] as const) {
        assert.equal(
          (await call(method, path, undefined, { authorization })).status,
          401,
          `${method} ${authorization}`,
        );
      }
    }
  });
});
