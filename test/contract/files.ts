import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case } from './api.ts';
import { fileContentCases } from './files-content.ts';
import { fileHostileCases } from './files-hostile.ts';
import { makeProduct } from './goods.ts';
import { filePart, formBody, formType, plainPng, sendForm, upload } from './uploads.ts';

const pathOf = (href: string) => new URL(href).pathname;

async function makeVisible(api: Api) {
  const [plan, manual] = [await upload(api, 'plan', 'plan.txt'), await upload(api, 'manual', 'manual.txt')];
  return { plan, manual, hidden: await upload(api, 'draft', 'draft.txt', false) };
}

export const fileCases: Case[] = [
  {
    name: 'a file is described by its content, whatever its name says',
    run: async (api) => {
      const png = plainPng(3, 2);
      const { status, body } = await sendForm(api, [{ name: 'public', value: 'true' }, filePart(png)]);
      assert.equal(status, 201, JSON.stringify(body));
      const { id, link, links, meta, ...rest } = body.data;
      assert.deepEqual(rest, {
        ...{ type: 'file', file_name: 'Red Chair.PNG', mime_type: 'image/png', file_size: png.length, public: true },
      });
      assert.equal(pathOf(link.href), `/files/${id}.png`);
      assert.equal(pathOf(links.self), `/v2/files/${id}`);
      assert.deepEqual(meta.dimensions, { width: 3, height: 2 });
      assert.match(meta.timestamps.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.deepEqual((await api.shopper('GET', `/v2/files/${id}`)).body, body);
      const html = await sendForm(api, [filePart('<html><script>alert(1)</script></html>', 'nice.png')]);
      assert.deepEqual([html.body.data.mime_type, html.body.data.meta.dimensions], ['text/plain', {}]);
      const noise = await sendForm(api, [filePart(Buffer.from([0, 1, 2, 255, 254]), 'x.svg')]);
      assert.equal(noise.body.data.mime_type, 'application/octet-stream');
    },
  },
  {
    name: 'a file has a name without folders, its own or another',
    run: async (api) => {
      const named = await sendForm(api, [filePart('once', 'a.txt'), { name: 'file_name', value: 'b.txt' }]);
      assert.equal(named.body.data.file_name, 'b.txt');
      const names = ['../../../etc/passwd', '..', '.', '', '/etc/passwd', 'C:\\windows\\system.ini', 'x'.repeat(3_000)];
      for (const name of names) {
        for (const parts of [[filePart('x', name)], [filePart('x', 'x'), { name: 'file_name', value: name }]]) {
          const { status, body } = await sendForm(api, parts);
          assert.equal(status, 201, `${name} ${JSON.stringify(body)}`);
          assert.doesNotMatch(body.data.file_name, /[/\\]|^\.*$|\p{Cc}/u);
          assert.ok(body.data.file_name.length <= 255);
        }
      }
    },
  },
  {
    name: 'a request without a file is 422, and one that is cut off 400',
    run: async (api) => {
      const send = (payload: string | Uint8Array, type: string) =>
        api.admin('POST', '/v2/files', payload, { 'content-type': type });
      const replies = [
        await sendForm(api, [{ name: 'public', value: 'true' }]),
        await sendForm(api, [{ name: 'picture', value: 'x', fileName: 'x' }]),
        await sendForm(api, [{ name: 'file', value: 'no file, only text' }]),
        await send('', formType),
        await send('{"data":{"type":"file"}}', 'application/json'),
        await send('', 'application/json'),
        await send('x', 'text/plain'),
      ];
      for (const [n, { status, body }] of replies.entries()) {
        const detail = 'You have not supplied a file to store';
        assert.deepEqual([status, body.errors], [422, [{ status: 422, title: 'Validation Failed', detail }]], `${n}`);
      }
      const form = [filePart('broken')];
      assert.equal((await send(formBody(form, { end: false }), formType)).status, 400);
      for (const text of ['[object FormData]', 'no line that is a boundary', '--']) {
        assert.equal((await send(text, 'multipart/form-data')).status, 400, text);
      }
      const { status, body } = await sendForm(api, [...form, { name: 'public', value: 'maybe' }]);
      assert.deepEqual([status, body.errors[0].source], [422, 'public']);
    },
  },
  {
    name: 'a form whose header lacks the boundary is read: its first line has it',
    run: async (api) => {
      const png = plainPng(1, 1);
      const { status, body } = await sendForm(api, [filePart(png)], 'multipart/form-data');
      assert.deepEqual([status, body.data?.file_size], [201, png.length]);
    },
  },
  {
    name: 'a link to a file elsewhere is stored as it is',
    run: async (api) => {
      const href = 'https://images.example/a/Blue%20Chair.JPEG?size=2';
      const { status, body } = await sendForm(api, [{ name: 'file_location', value: href }]);
      assert.equal(status, 201, JSON.stringify(body));
      const { file_name, mime_type, file_size, link, meta, id } = body.data;
      assert.deepEqual([file_name, mime_type, file_size], ['Blue Chair.JPEG', 'image/jpeg', 0]);
      assert.deepEqual([link, meta.dimensions], [{ href }, {}]);
      assert.equal((await api.anonymous('GET', `/files/${id}`)).status, 404);
      const wrong = ['x', 'ftp://a/b', 'javascript:alert(1)', 'file:///etc/passwd', 'https://u:p@a/b'];
      for (const value of wrong) {
        const refused = await sendForm(api, [{ name: 'file_location', value }]);
        assert.deepEqual([refused.status, refused.body.errors[0].source], [422, 'file_location'], value);
      }
    },
  },
  {
    name: 'files are paged, filtered and sorted, and described',
    run: async (api) => {
      const { admin, tag } = api;
      for (const size of [5, 3, 9]) await upload(api, plainPng(size, 2 * size), `${tag} No ${size}.png`);
      await upload(api, 'text', `${tag}.txt`, false);
      const of = `like(file_name,${tag}*)`;
      const names = async (query: string) => {
        const { status, body } = await admin('GET', `/v2/files?${query}`);
        assert.equal(status, 200, JSON.stringify(body));
        return body.data.map((each: { file_name: string }) => each.file_name.replace(tag, ''));
      };
      assert.deepEqual(await names(`filter=${of}`), [' No 5.png', ' No 3.png', ' No 9.png', '.txt']);
      assert.deepEqual(await names(`filter=eq(file_name,${tag}_no_3.png)`), [' No 3.png'], 'as Moltin wrote names');
      assert.deepEqual(await names(`filter=eq(file_name,${tag} No 3.png)`), [' No 3.png']);
      assert.deepEqual(await names(`filter=${of}:eq(public,false)`), ['.txt']);
      assert.deepEqual(await names(`filter=${of}:gt(width,3):le(height,10)`), [' No 5.png']);
      assert.deepEqual(await names(`filter=${of}:ge(width,5):lt(height,18)`), [' No 5.png']);
      assert.deepEqual(await names(`filter=${of}:lt(file_size,10)`), ['.txt']);
      assert.deepEqual(await names(`filter=${of}:gt(file_size,10):le(width,3)`), [' No 3.png']);
      assert.deepEqual(await names(`sort=-file_name&filter=like(file_name,${tag}*no*)&page[limit]=2`), [
        ...[' No 9.png', ' No 5.png'],
      ]);
      assert.deepEqual(await names(`filter=${of}&page[limit]=2&page[offset]=2`), [' No 9.png', '.txt']);
      for (const query of ['filter=eq(mime_type,x)', 'filter=gt(width,x)', 'sort=width', 'page[offset]=10001']) {
        assert.equal((await admin('GET', `/v2/files?${query}`)).status, 400, query);
      }
      const { meta } = (await api.shopper('GET', '/v2/files/attributes')).body;
      assert.equal(meta.entity, 'files');
    },
  },
  {
    name: 'files are read with any token, changed with a full one, and never replaced',
    run: async (api) => {
      const { admin, shopper, anonymous } = api;
      const id = await upload(api, 'mine', 'mine.txt');
      assert.equal((await shopper('DELETE', `/v2/files/${id}`)).status, 403);
      assert.equal((await shopper('POST', '/v2/files', {})).status, 403);
      assert.equal((await anonymous('GET', `/v2/files/${id}`)).status, 401);
      assert.equal((await admin('PUT', `/v2/files/${id}`, { data: {} })).status, 404, 'files have no PUT');
      const gone = await admin('DELETE', `/v2/files/${id}`);
      assert.deepEqual([gone.status, gone.body], [204, undefined]);
      for (const method of ['GET', 'DELETE']) {
        for (const unknown of [id, randomUUID(), 'nonsense']) {
          const { status, body } = await admin(method, `/v2/files/${unknown}`);
          assert.deepEqual([status, body.errors[0].title], [404, 'File not found']);
        }
      }
    },
  },
  {
    name: 'a product has a main image, which an object or a list sets, and an empty body clears',
    run: async (api) => {
      const { admin, shopper } = api;
      const id = await makeProduct(api);
      const file = await upload(api, plainPng(4, 3), 'image.png');
      const url = `/v2/products/${id}/relationships/main-image`;
      const image = { type: 'main_image', id: file };
      const shown = async () => (await shopper('GET', `/v2/products/${id}`)).body.data.relationships;
      assert.deepEqual((await admin('POST', url, { data: image })).body, { data: image });
      assert.deepEqual((await admin('PUT', url, { data: [image] })).body, { data: image });
      assert.deepEqual((await shown()).main_image, { data: image });
      for (const name of ['main_image', 'main_images', 'files, Main_Images, collections']) {
        const { included } = (await shopper('GET', `/v2/products?filter=eq(id,${id})&include=${name}`)).body;
        assert.deepEqual(included, { main_images: [(await shopper('GET', `/v2/files/${file}`)).body.data] }, name);
      }
      for (const wrong of [randomUUID(), id]) {
        const { status, body } = await admin('PUT', url, { data: { type: 'main_image', id: wrong } });
        assert.deepEqual([status, body.errors[0].title], [404, 'File not found']);
      }
      assert.deepEqual((await shown()).main_image, { data: image });
      assert.equal((await admin('PUT', url)).status, 200);
      assert.deepEqual(await shown(), {});
      await admin('POST', url, { data: image });
      assert.equal((await admin('DELETE', url, { data: [image] })).status, 204);
      assert.deepEqual(await shown(), {});
    },
  },
  {
    name: 'a product has files, under both of their names, and shoppers see the public ones',
    run: async (api) => {
      const { admin, shopper } = api;
      const id = await makeProduct(api);
      const { plan, manual, hidden } = await makeVisible(api);
      const links = (...all: string[]) => ({ data: all.map((each) => ({ type: 'file', id: each })) });
      const url = `/v2/products/${id}/relationships/files`;
      const singular = url.slice(0, -1);
      const all = links(manual, plan, hidden);
      assert.deepEqual((await admin('POST', url, all)).body, all);
      assert.equal((await admin('POST', singular, links(randomUUID()))).status, 404);
      const seen = (await shopper('GET', `/v2/products/${id}?include=files`)).body;
      assert.deepEqual(seen.data.relationships.files, links(manual, plan));
      const names = seen.included.files.map((file: { file_name: string }) => file.file_name);
      assert.deepEqual(names, ['plan.txt', 'manual.txt']);
      assert.equal((await admin('GET', `/v2/products/${id}?include=files`)).body.included.files.length, 3);
      await admin('DELETE', `/v2/files/${plan}`);
      const shown = async () => (await admin('GET', `/v2/products/${id}`)).body.data.relationships;
      assert.deepEqual((await shown()).files, links(manual, hidden));
      assert.deepEqual((await admin('PUT', singular, links(manual))).body, links(manual));
      assert.deepEqual((await admin('POST', singular, links(hidden))).body, links(manual, hidden));
      assert.equal((await admin('DELETE', singular, links(hidden))).status, 204);
      assert.equal((await admin('DELETE', url, links(manual))).status, 204);
      assert.deepEqual((await admin('PUT', url, links(manual))).body, links(manual));
      assert.deepEqual((await admin('PUT', url, { data: [] })).body, { data: [] });
      assert.deepEqual(await shown(), {});
    },
  },
  ...fileContentCases,
  ...fileHostileCases,
];
