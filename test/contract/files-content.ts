import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { filePart, plainPng, sendForm, upload } from './uploads.ts';

const etagOf = (content: string | Uint8Array) => `"${createHash('sha256').update(content).digest('hex')}"`;

/** The path of a file's content. */
async function contentPath({ admin }: Api, id: string): Promise<string> {
  const { body } = await admin('GET', `/v2/files/${id}`);
  return new URL(body.data.link.href).pathname;
}

export const fileContentCases: Case[] = [
  {
    name: 'the content of a public picture is shown to everyone, under any ending',
    run: async (api) => {
      const png = plainPng(2, 2);
      const path = await contentPath(api, await upload(api, png, 'red.png'));
      for (const url of [path, path.slice(0, -'.png'.length)]) {
        const { status, headers } = await api.anonymous('GET', url);
        assert.equal(status, 200);
        assert.equal(headers.get('content-type'), 'image/png');
        assert.equal(headers.get('content-length'), String(png.length));
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.match(headers.get('content-disposition') ?? '', /^inline; filename="red\.png"/);
        assert.equal(headers.get('etag'), etagOf(png));
      }
      const head = await api.anonymous('HEAD', path);
      assert.deepEqual(
        [head.status, head.headers.get('content-length'), head.body],
        [200, String(png.length), undefined],
      );
    },
  },
  {
    name: 'content that could run in a browser is a download',
    run: async (api) => {
      const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><script>alert(1)</script></svg>';
      const { body } = await sendForm(api, [{ name: 'public', value: 'true' }, filePart(drawing, 'x.svg')]);
      assert.deepEqual([body.data.mime_type, body.data.meta.dimensions], ['image/svg+xml', { width: 8, height: 4 }]);
      const read = await api.anonymous('GET', await contentPath(api, body.data.id));
      assert.match(read.headers.get('content-disposition') ?? '', /^attachment; /);
      assert.equal(read.headers.get('content-security-policy'), "default-src 'none'; sandbox");
      assert.equal(read.body, drawing);
    },
  },
  {
    name: 'content is not sent again to a client that has it',
    run: async (api) => {
      const path = await contentPath(api, await upload(api, 'cached', 'cached.txt'));
      const again = await api.anonymous('GET', path, undefined, { 'if-none-match': `"x", ${etagOf('cached')}` });
      assert.deepEqual([again.status, again.body], [304, undefined]);
    },
  },
  {
    name: 'the content of a file that is not public needs a full token, and shoppers do not see the file',
    run: async (api) => {
      const id = await upload(api, 'secret', 'secret.txt', false);
      const path = await contentPath(api, id);
      assert.equal(path, `/v2/files/${id}/content`);
      assert.equal((await api.anonymous('GET', `/files/${id}.txt`)).status, 404);
      assert.equal((await api.anonymous('GET', path)).status, 401);
      assert.equal((await api.shopper('GET', path)).status, 404);
      const read = await api.admin('GET', path);
      assert.deepEqual([read.body, read.headers.get('cache-control')], ['secret', 'private, no-cache']);
      assert.equal((await api.shopper('GET', `/v2/files/${id}`)).status, 404);
      assert.equal((await api.shopper('GET', `/v2/files?filter=eq(id,${id})`)).body.meta.results.total, 0);
    },
  },
];
