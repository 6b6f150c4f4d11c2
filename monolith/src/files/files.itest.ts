import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { plainPng } from '../seed/png.ts';
import { multipartBody, postForm, testBoundary, uploadFile } from '../testing/forms.ts';
import { openTestShop, type TestShop } from '../testing/open-shop.ts';
import { ContentStore } from './content-store.ts';
import { maxFileBytes } from './form.ts';
import { sweepContent } from './sweep.ts';

let it: TestShop;
let port: number;
before(async () => {
  it = await openTestShop();
  await it.app.listen({ host: '127.0.0.1', port: 0 });
  port = (it.app.server.address() as AddressInfo).port;
});
after(() => it.close());

const png = plainPng(3, 2, [200, 30, 30]);
const file = (value: Buffer | string, fileName = 'Red Chair.PNG') => ({ name: 'file', value, fileName });
const hashOf = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
const get = (url: string, headers: Record<string, string> = {}) => it.app.inject({ method: 'GET', url, headers });
const pathOf = (href: string) => href.replace('http://shop.test', '');
/** Every file below the folder of content, without its folder. */
const onDisk = async () => {
  const entries = await readdir(it.shop.config.filesFolder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
};

describe('an upload', () => {
  test('is described by its content, whatever the client says', async () => {
    const { status, body } = await postForm(it, [{ name: 'public', value: 'true' }, file(png)]);
    assert.equal(status, 201);
    const { id, link, links, meta, ...rest } = body.data;
    assert.deepEqual(rest, {
      ...{ type: 'file', file_name: 'Red Chair.PNG', mime_type: 'image/png', file_size: png.length, public: true },
    });
    assert.equal(link.href, `http://shop.test/files/${id}.png`);
    assert.equal(links.self, `http://shop.test/v2/files/${id}`);
    assert.deepEqual(meta.dimensions, { width: 3, height: 2 });
    assert.match(meta.timestamps.created_at, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.deepEqual((await it.shopper('GET', `/v2/files/${id}`)).body.data, body.data);
    assert.equal((await get(`/files/${id}`)).rawPayload.equals(png), true);
    const html = await postForm(it, [file('<html><script>alert(1)</script></html>', 'nice.png')]);
    assert.deepEqual([html.body.data.mime_type, html.body.data.meta.dimensions], ['text/plain', {}]);
    const noise = await postForm(it, [file(Buffer.from([0, 1, 2, 255, 254]), 'x.svg')]);
    assert.equal(noise.body.data.mime_type, 'application/octet-stream');
  });

  test('may have a name of its own, and equal content is kept once', async () => {
    const content = `once ${randomUUID()}`;
    const first = await postForm(it, [file(content, 'a.txt'), { name: 'file_name', value: 'b.txt' }]);
    const second = await postForm(it, [file(content, 'c.txt')]);
    assert.deepEqual([first.body.data.file_name, second.body.data.file_name], ['b.txt', 'c.txt']);
    assert.equal((await onDisk()).filter((name) => name === hashOf(content)).length, 1);
    assert.equal(await readFile(new ContentStore(it.shop.config.filesFolder).pathOf(hashOf(content)), 'utf8'), content);
  });

  test('stays in its folder, whatever its name is', async () => {
    const names = [
      '../../../etc/passwd',
      '..',
      '.',
      '',
      '/etc/passwd',
      'C:\\windows\\system.ini',
      'a/../../b',
      '%2e%2e%2fx',
    ];
    for (const name of [...names, 'x'.repeat(3_000), 'ünï\u0007 cödé.png']) {
      for (const parts of [[file('escape', name)], [file('escape', 'x'), { name: 'file_name', value: name }]]) {
        const { status, body } = await postForm(it, parts);
        assert.equal(status, 201, `${name} ${JSON.stringify(body)}`);
        assert.doesNotMatch(body.data.file_name, /[/\\]|^\.*$|\p{Cc}/u);
        assert.ok(body.data.file_name.length <= 255);
        assert.equal((await get(pathOf(body.data.link.href))).statusCode, 200);
      }
    }
    assert.ok((await onDisk()).every((name) => /^[0-9a-f]{64}$/.test(name)));
  });

  test('that is cut off, without boundary or otherwise broken is 400 and leaves nothing', async () => {
    const before = (await onDisk()).length;
    const whole = multipartBody([file('broken')]);
    const bodies: (Buffer | string)[] = ['[object FormData]', multipartBody([file('broken')], { end: false })];
    for (let cut = 1; cut < whole.length - 8; cut += 7) bodies.push(whole.subarray(0, cut));
    for (const payload of bodies) {
      const { status, body } = await postForm(it, [], { payload });
      assert.ok(status === 400 || status === 422, `${status} ${payload}`);
      assert.equal(body.errors[0].status, status);
    }
    for (const payload of ['[object FormData]', 'no line that is a boundary', '--', `--${'x'.repeat(90)}\r\n`]) {
      assert.equal((await postForm(it, [], { payload, type: 'multipart/form-data' })).status, 400, payload);
    }
    const repeated = Array.from({ length: 30 }, () => ({ name: 'x', value: 'y' }));
    assert.equal((await postForm(it, [...repeated, file('broken')])).status, 400);
    assert.equal((await postForm(it, [file('broken'), file('broken too')])).status, 400);
    assert.equal((await postForm(it, [file('broken'), { name: 'file_name', value: 'x'.repeat(9_000) }])).status, 422);
    assert.equal((await postForm(it, [file('broken'), { name: 'public', value: 'maybe' }])).status, 422);
    assert.equal((await postForm(it, [{ name: '__proto__', value: 'x' }, file('broken')])).status, 400);
    assert.equal((await onDisk()).length, before);
  });

  test('of any bytes is stored or refused', async () => {
    const whole = multipartBody([{ name: 'public', value: 'true' }, file(png)]);
    const before = (await onDisk()).filter((name) => !/^[0-9a-f]{64}$/.test(name));
    const change = fc.record({ at: fc.nat(whole.length - 1), drop: fc.nat(40), put: fc.uint8Array({ maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const payload = changes.reduce<Buffer>(
          (bytes, { at, drop, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]),
          whole,
        );
        const { status, body } = await postForm(it, [], { payload });
        assert.ok([201, 400, 422].includes(status), `${status} ${JSON.stringify(body)}`);
        if (status !== 201) assert.equal(body.errors[0].status, status);
      }),
      { numRuns: 200 },
    );
    const after = (await onDisk()).filter((name) => !/^[0-9a-f]{64}$/.test(name));
    assert.deepEqual(after, before, 'nothing incomplete is left');
  });

  test('whose header lacks the boundary is read: the first line has it', async () => {
    const { status, body } = await postForm(it, [file(png)], { type: 'multipart/form-data' });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.data.file_size, png.length);
    const half = multipartBody([file(png)]);
    const sent = request({
      port,
      method: 'POST',
      path: '/v2/files',
      headers: { authorization: it.adminToken, 'content-type': 'multipart/form-data' },
    });
    const arrived = once(sent, 'response');
    for (const byte of half.subarray(0, 80)) sent.write(Buffer.from([byte]));
    sent.end(half.subarray(80));
    assert.equal((await arrived)[0].statusCode, 201);
  });

  test('that is too large is 413, whether it says so or not', async () => {
    const before = (await onDisk()).length;
    const whole = multipartBody([file(Buffer.alloc(maxFileBytes + 1))]);
    for (const headers of [{ 'content-length': String(whole.length) }, { 'transfer-encoding': 'chunked' }]) {
      const type = `multipart/form-data; boundary=${testBoundary}`;
      const sent = request({
        port,
        method: 'POST',
        path: '/v2/files',
        headers: { ...headers, authorization: it.adminToken, 'content-type': type },
      });
      const arrived = once(sent, 'response');
      sent.end(whole);
      const [response] = await arrived;
      assert.equal(response.statusCode, 413);
      assert.equal(JSON.parse(await text(response)).errors[0].status, 413);
    }
    const largest = await postForm(it, [file(Buffer.alloc(maxFileBytes), 'largest')]);
    assert.equal(largest.body.data.file_size, maxFileBytes);
    assert.equal((await onDisk()).length, before + 1);
  });

  test('whose client goes away leaves nothing', async () => {
    const before = (await onDisk()).sort();
    const socket = connect(port, '127.0.0.1');
    const start = multipartBody([file(Buffer.alloc(200_000, 7))], { end: false });
    socket.write(`POST /v2/files HTTP/1.1\r\nHost: x\r\nAuthorization: ${it.adminToken}\r\n`);
    socket.write(`Content-Type: multipart/form-data; boundary=${testBoundary}\r\nContent-Length: 900000\r\n\r\n`);
    socket.write(start);
    const settled = async (wanted: (names: string[]) => boolean) => {
      for (let look = 0; look < 2_000; look += 1) {
        const names = (await onDisk()).sort();
        if (wanted(names)) return names;
        await new Promise(setImmediate);
      }
      throw new Error('the folder did not become as wanted');
    };
    await settled((names) => names.length > before.length);
    socket.destroy();
    assert.deepEqual(await settled((names) => names.length === before.length), before);
  });
});

describe('content', () => {
  test('that is missing is 404, damaged 500, and neither error is cached', async () => {
    const [gone, damaged] = [await uploadFile(it, 'will be gone'), await uploadFile(it, 'will be damaged')];
    const store = new ContentStore(it.shop.config.filesFolder);
    await writeFile(store.pathOf(hashOf('will be damaged')), 'has been damaged');
    await rm(store.pathOf(hashOf('will be gone')));
    for (const [id, status] of [
      [gone, 404],
      [damaged, 500],
    ] as const) {
      const reply = await get(`/files/${id}`);
      assert.deepEqual([reply.statusCode, reply.json().errors[0].status], [status, status]);
      assert.equal(reply.headers['cache-control'], undefined);
    }
  });

  test('is the same when debt 26 is paid', async () => {
    const paid = await openTestShop(['content-checked-on-read', 'files-one-by-one']);
    try {
      const id = await uploadFile(paid, png, 'a.png');
      const reply = await paid.app.inject(`/files/${id}.png`);
      assert.equal(reply.rawPayload.equals(png), true);
      assert.equal(reply.headers['content-length'], String(png.length));
    } finally {
      await paid.close();
    }
  });
});

describe('the sweep', () => {
  test('deletes content an hour after its last file, and what broken uploads left', async () => {
    const { db, config } = it.shop;
    const store = new ContentStore(config.filesFolder);
    const [kept, dropped] = [await uploadFile(it, 'kept'), await uploadFile(it, 'dropped')];
    const twin = await uploadFile(it, 'kept');
    await it.admin('DELETE', `/v2/files/${dropped}`);
    await it.admin('DELETE', `/v2/files/${twin}`);
    await writeFile(join(store.incoming, 'left'), 'x');
    const exists = async (content: string) =>
      (await stat(store.pathOf(hashOf(content)), {}).catch(() => null)) !== null;
    const soon = new Date();
    assert.equal(await sweepContent(db, config.filesFolder, soon), 0);
    assert.equal(await exists('dropped'), true, 'an upload in flight may be about to write its row');
    for (const path of [store.pathOf(hashOf('dropped')), store.pathOf(hashOf('kept')), join(store.incoming, 'left')]) {
      await utimes(path, 0, 0);
    }
    assert.equal(await sweepContent(db, config.filesFolder, soon), 2);
    assert.deepEqual([await exists('dropped'), await exists('kept')], [false, true]);
    assert.equal((await get(`/files/${kept}`)).body, 'kept');
    assert.equal(await sweepContent(db, join(config.filesFolder, 'nothing'), soon), 0);
  });

  test('leaves content that an upload has just brought again', async () => {
    const { db, config } = it.shop;
    const id = await uploadFile(it, 'again');
    await it.admin('DELETE', `/v2/files/${id}`);
    await utimes(new ContentStore(config.filesFolder).pathOf(hashOf('again')), 0, 0);
    const [again, ...others] = await Promise.all([
      uploadFile(it, 'again'),
      sweepContent(db, config.filesFolder, new Date()),
      uploadFile(it, 'again'),
    ]);
    assert.equal((await get(`/files/${again}`)).body, 'again');
    assert.equal((await get(`/files/${others[1]}`)).body, 'again');
  });
});
