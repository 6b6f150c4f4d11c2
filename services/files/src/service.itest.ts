import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  callerOf,
  credentials,
  type FakeMesh,
  startFakeMesh,
  testTokens,
  tokenIssuer,
  until,
} from '@banyan/kit/testing';
import fc from 'fast-check';
import { maxFileBytes } from './contract.ts';
import { type Instance, startInstance } from './testing.ts';
import { filePart, formBody, formType, type Part, testBoundary } from './testing-forms.ts';

const hashOf = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const isHash = (name: string) => /^[0-9a-f]{64}$/.test(name);

describe('the files service', () => {
  let mesh: FakeMesh;
  let files: Instance;
  before(async () => {
    mesh = await startFakeMesh();
    files = await startInstance(mesh.url);
    await files.service.ready;
  });
  after(async () => {
    await files.close();
    mesh.close();
  });
  beforeEach(() => {
    mesh.services = { monolith: tokenIssuer };
  });

  const admin = callerOf(() => files.service.url, `Bearer ${testTokens.admin}`);
  const shopper = callerOf(() => files.service.url, `Bearer ${testTokens.shopper}`);
  const send = async (payload: Buffer<ArrayBuffer> | string, type = formType, headers: Record<string, string> = {}) => {
    const response = await fetch(`${files.service.url}/v2/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testTokens.admin}`, 'content-type': type, ...headers },
      body: payload,
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const post = (parts: readonly Part[]) => send(formBody(parts));
  const upload = async (content: Buffer | string, name?: string): Promise<string> => {
    const { status, body } = await post([filePart(content, name)]);
    assert.equal(status, 201, JSON.stringify(body));
    return body.data.id;
  };
  const content = (id: string) => fetch(`${files.service.url}/files/${id}`);
  /** Every file below the folder of the content, without its folder. */
  const onDisk = async () => {
    const entries = await readdir(files.service.folder.path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };

  test('content is served as it came, and only from its folder, whatever its name is', async () => {
    const names = ['../../../etc/passwd', '..', '.', '', '/etc/passwd', 'C:\\x.ini', 'a/../../b', '%2e%2e%2fx'];
    for (const name of [...names, 'x'.repeat(3_000), 'ünï\u0007 cödé.png', 'a\u202egnp.exe']) {
      for (const parts of [[filePart('escape', name)], [filePart('escape', 'x'), { name: 'file_name', value: name }]]) {
        const { status, body } = await post(parts);
        assert.equal(status, 201, `${name} ${JSON.stringify(body)}`);
        assert.doesNotMatch(body.data.file_name, /[/\\]|^\.*$|\p{Cc}/u);
        const reply = await fetch(files.service.url + new URL(body.data.link.href).pathname);
        assert.deepEqual([reply.status, await reply.text()], [200, 'escape']);
        assert.doesNotMatch(reply.headers.get('content-disposition') ?? '', /[\u007f-\uffff]/);
      }
    }
    assert.ok((await onDisk()).every(isHash));
    for (const path of ['/files/..%2ffiles.db', '/files/%2e%2e', '/files/incoming', `/files/${hashOf('escape')}`]) {
      assert.equal((await fetch(files.service.url + path)).status, 404, path);
    }
  });

  test('equal content is kept once, and stays until no file has it', async () => {
    const value = `once ${randomUUID()}`;
    const [one, two] = [await upload(value), await upload(value)];
    const path = files.service.folder.pathOf(hashOf(value));
    assert.equal((await onDisk()).filter((name) => name === hashOf(value)).length, 1);
    const sweep = () =>
      files.service.folder.sweep(Date.now() - 3_600_000, (all) => files.service.store.namedAmong(all));
    await admin('DELETE', `/v2/files/${one}`);
    await utimes(path, 0, 0);
    assert.equal(await sweep(), 0);
    assert.equal(await (await content(two)).text(), value);
    await admin('DELETE', `/v2/files/${two}`);
    assert.equal((await content(two)).status, 404);
    const again = upload(value);
    await sweep();
    assert.equal(await (await content(await again)).text(), value, 'an upload that came meanwhile keeps it');
    await admin('DELETE', `/v2/files/${await again}`);
    assert.equal(await sweep(), 0, 'content of an upload that may be about to write its row');
    await utimes(path, 0, 0);
    assert.equal(await sweep(), 1);
    assert.equal(existsSync(path), false);
  });

  test('an upload that is cut off, broken or refused leaves nothing', async () => {
    const before = (await onDisk()).length;
    const whole = formBody([filePart('broken')]);
    const bodies: (Buffer<ArrayBuffer> | string)[] = [
      '[object FormData]',
      formBody([filePart('broken')], { end: false }),
    ];
    for (let cut = 1; cut < whole.length - 8; cut += 7) bodies.push(whole.subarray(0, cut));
    for (const payload of bodies) {
      const { status, body } = await send(payload);
      assert.ok(status === 400 || status === 422, `${status} ${payload}`);
      assert.equal(body.errors[0].status, status);
    }
    for (const payload of ['[object FormData]', 'no line that is a boundary', '--', `--${'x'.repeat(90)}\r\n`]) {
      assert.equal((await send(payload, 'multipart/form-data')).status, 400, payload);
    }
    const repeated = Array.from({ length: 30 }, () => ({ name: 'x', value: 'y' }));
    assert.equal((await post([...repeated, filePart('broken')])).status, 400);
    assert.equal((await post([filePart('broken'), filePart('broken too')])).status, 400);
    assert.equal((await post([filePart('broken'), { name: 'file_name', value: 'x'.repeat(9_000) }])).status, 422);
    assert.equal((await post([filePart('broken'), { name: 'public', value: 'maybe' }])).status, 422);
    assert.equal((await post([{ name: '__proto__', value: 'x' }, filePart('broken')])).status, 400);
    assert.equal((await onDisk()).length, before);
  });

  test('an upload of any bytes is stored or refused', async () => {
    const whole = formBody([
      { name: 'public', value: 'true' },
      filePart(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])),
    ]);
    const change = fc.record({ at: fc.nat(whole.length - 1), drop: fc.nat(40), put: fc.uint8Array({ maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const payload = changes.reduce<Buffer<ArrayBuffer>>(
          (bytes, { at, drop, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]),
          whole,
        );
        const { status, body } = await send(payload);
        assert.ok([201, 400, 422].includes(status), `${status} ${JSON.stringify(body)}`);
        if (status !== 201) assert.equal(body.errors[0].status, status);
      }),
      { numRuns: 150 },
    );
    assert.ok((await onDisk()).every(isHash), 'nothing incomplete is left');
  });

  test('an upload that is too large is 413, whether it says so or not, and the largest is stored', async () => {
    const before = (await onDisk()).length;
    const whole = formBody([filePart(Buffer.alloc(maxFileBytes + 1))]);
    for (const headers of [{ 'content-length': String(whole.length) }, { 'transfer-encoding': 'chunked' }]) {
      const sent = request(`${files.service.url}/v2/files`, {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${testTokens.admin}`, 'content-type': formType },
      });
      const arrived = once(sent, 'response');
      sent.end(whole);
      const [response] = await arrived;
      assert.equal(response.statusCode, 413);
      assert.equal(JSON.parse(await text(response)).errors[0].status, 413);
    }
    assert.equal((await send(whole, formType, {})).status, 413);
    const largest = await post([filePart(Buffer.alloc(maxFileBytes), 'largest')]);
    assert.equal(largest.body.data.file_size, maxFileBytes);
    assert.equal((await onDisk()).length, before + 1);
  });

  test('a client that goes away in the middle leaves nothing', async () => {
    const before = (await onDisk()).sort();
    const socket = connect(Number(new URL(files.service.url).port), '127.0.0.1');
    const start = formBody([filePart(Buffer.alloc(200_000, 7))], { end: false });
    socket.write(`POST /v2/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testTokens.admin}\r\n`);
    socket.write(`Content-Type: multipart/form-data; boundary=${testBoundary}\r\nContent-Length: 900000\r\n\r\n`);
    socket.write(start);
    await until('the beginning to arrive', async () => (await onDisk()).length > before.length);
    socket.destroy();
    await until('nothing of it to be there', async () => (await onDisk()).length === before.length);
    assert.deepEqual((await onDisk()).sort(), before);
  });

  test('content that is lost or cut is 404, and that is not cached', async () => {
    const [gone, cut] = [await upload('will be gone'), await upload('will be cut')];
    await rm(files.service.folder.pathOf(hashOf('will be gone')));
    await writeFile(files.service.folder.pathOf(hashOf('will be cut')), 'will');
    for (const id of [gone, cut]) {
      const reply = await content(id);
      assert.deepEqual([reply.status, reply.headers.get('cache-control')], [404, null]);
    }
  });

  test('a hundred files are found by their ids in one request, and shoppers see the public ones', async () => {
    const { body } = await post([filePart('hidden'), { name: 'public', value: 'false' }]);
    const ids = [body.data.id, await upload('shown')];
    const of = `/v2/files?filter=in(id,${[...ids, ...Array.from({ length: 98 }, randomUUID)].join(',')})&page[limit]=100`;
    assert.deepEqual(
      (await admin('GET', of)).body.data.map(({ id }: { id: string }) => id),
      ids,
    );
    assert.deepEqual(
      (await shopper('GET', of)).body.data.map(({ id }: { id: string }) => id),
      ids.slice(1),
    );
  });

  test('the page length is asked of the settings, and a currency that is not enabled is refused', async () => {
    const asked = await startInstance(mesh.url, { PAGE_LENGTH_FRESH_MS: '0' });
    await asked.service.ready;
    const call = callerOf(asked.service.url, `Bearer ${testTokens.admin}`);
    mesh.services.settings = () => ({ status: 200, body: { data: { page_length: 7, calculation_method: 'simple' } } });
    assert.equal((await call('GET', '/v2/files')).body.meta.page.limit, 7);
    mesh.services.currencies = () => ({ status: 200, body: { data: [{ code: 'EUR', enabled: false }] } });
    assert.equal((await call('GET', '/v2/files', undefined, { 'x-moltin-currency': 'EUR' })).status, 400);
    await asked.close();
  });

  test('one process has the folder: a second one waits, sweeps nothing, and serves the same files afterwards', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'files-'));
    const one = await startInstance(mesh.url, { DATA_FOLDER: folder });
    await one.service.ready;
    const two = await startInstance(mesh.url, { DATA_FOLDER: folder });
    const at = (instance: Instance, path: string) =>
      fetch(instance.service.url + path, { headers: { authorization: `Bearer ${testTokens.admin}` } });
    assert.deepEqual([(await at(two, '/health/ready')).status, (await at(two, '/v2/files')).status], [503, 503]);
    const made = await fetch(`${one.service.url}/v2/files`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testTokens.admin}`, 'content-type': formType },
      body: formBody([filePart('stays')]),
    });
    const { id } = (JSON.parse(await made.text()) as { data: { id: string } }).data;
    await one.close();
    await two.service.ready;
    assert.equal(await (await at(two, `/files/${id}`)).text(), 'stays');
    await two.close();
    await rm(folder, { recursive: true });
  });

  test('is not ready without the folder of its data, and makes no empty store in its place', async () => {
    const away = join(tmpdir(), `files-${randomUUID()}`);
    const instance = await startInstance(mesh.url, { DATA_FOLDER: away });
    const { url } = instance.service;
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    const headers = { authorization: `Bearer ${testTokens.admin}`, 'content-type': formType };
    const refused = await fetch(`${url}/v2/files`, { method: 'POST', headers, body: formBody([filePart('x')]) });
    assert.ok(refused.status >= 500, `${refused.status}`);
    assert.equal((await fetch(`${url}/files/${randomUUID()}`)).status, 503);
    await instance.close();
    assert.equal(existsSync(away), false);
  });

  test('documents its routes', async () => {
    const { body } = await admin('GET', '/docs/json');
    assert.ok(Object.keys(body.paths).includes('/v2/files/{id}/content'));
  });

  test('writes no token and no credentials into its log', () => {
    const log = files.lines.join('');
    assert.ok(log.length > 0);
    for (const secret of [...Object.values(testTokens), credentials.INTROSPECTION_CLIENT_SECRET])
      assert.ok(
        !log.includes(secret),
        files.lines.find((line) => line.includes(secret)),
      );
  });
});
