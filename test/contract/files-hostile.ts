import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Api, Case, Reply } from './api.ts';
import { filePart, formBody, formType, sendForm, upload } from './uploads.ts';

const path = '/v2/files';

function isRefused({ status, body }: Reply, shown: string): void {
  assert.ok(status >= 400 && status < 500, `${shown} -> ${status}`);
  assert.equal(body.errors[0].status, status, shown);
}

const hrefOf = async ({ admin }: Api, id: string): Promise<string> =>
  new URL((await admin('GET', `${path}/${id}`)).body.data.link.href).pathname;

export const fileHostileCases: Case[] = [
  {
    name: 'files: a body that is no form is refused in the shape of the API',
    run: async ({ admin }) => {
      for (const body of ['', ' ', 'null', '5', '[]', '{}', '{', '{"data":{"file_location":"https://a.b/c"}}']) {
        isRefused(await admin('POST', path, body), `POST ${body}`);
      }
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/octet-stream',
        'x',
        'a/b; c=',
      ]) {
        isRefused(await admin('POST', path, 'file=b', { 'content-type': type }), type);
      }
      for (const type of [
        'multipart/form-data; boundary=',
        'multipart/form-data; boundary="',
        'multipart/mixed; boundary=x',
      ]) {
        isRefused(await admin('POST', path, formBody([filePart('x')]).slice(2), { 'content-type': type }), type);
      }
    },
  },
  {
    name: 'files: parts without a name, twice, empty, or with odd headers are a file or a refusal',
    run: async (api) => {
      const whole = Buffer.from(formBody([filePart('odd', 'a.txt')])).toString('latin1');
      const head = 'Content-Disposition: form-data; name="file"; filename="a.txt"';
      for (const instead of [
        'Content-Disposition: form-data; name="file"; filename=""',
        'Content-Disposition: form-data; name="file"; filename="a";filename="b"',
        'Content-Disposition: form-data; name="file"; filename*=UTF-8\'\'%e2%82%ac.txt',
        'Content-Disposition: form-data; name="file"; filename*=UTF-8\'\'%ff%zz',
        'Content-Disposition: form-data; name="file"; filename="a\\"b.txt"',
        'Content-Disposition: form-data; filename="a.txt"',
        'Content-Disposition: attachment; name="file"; filename="a.txt"',
        'Content-Disposition: form-data; name="__proto__"; filename="a.txt"',
        'Content-Disposition: form-data; name="constructor"',
        'X-Other: y',
        `Content-Disposition: form-data; name="${'f'.repeat(300)}"; filename="a.txt"`,
        `${head}\r\nContent-Transfer-Encoding: base64`,
      ]) {
        const body = Buffer.from(whole.replace(head, instead), 'latin1');
        const reply = await api.admin('POST', path, body, { 'content-type': formType });
        if (reply.status !== 201) isRefused(reply, instead);
      }
      const empty = await sendForm(api, [filePart('', 'empty')]);
      assert.deepEqual(
        [empty.status, empty.body.data?.file_size, empty.body.data?.mime_type],
        [201, 0, 'application/octet-stream'],
      );
      assert.equal((await api.anonymous('GET', await hrefOf(api, empty.body.data.id))).status, 200);
    },
  },
  {
    name: 'files: a name cannot leave its header, and what it looks like decides nothing',
    run: async (api) => {
      const names = [
        'a";x="b.png',
        "a';b.png",
        'a\tb.png',
        'é😀.png',
        '100%.png',
        'a.png\u202eexe',
        'con',
        'a;b,c.html',
      ];
      for (const name of names) {
        const { status, body } = await sendForm(api, [
          filePart('<script>alert(1)</script>', 'x'),
          { name: 'file_name', value: name },
        ]);
        assert.equal(status, 201, name);
        const { headers } = await api.anonymous('GET', await hrefOf(api, body.data.id));
        const disposition = headers.get('content-disposition') ?? '';
        assert.match(disposition, /^attachment; filename="[\w .()-]*"; filename\*=UTF-8''[\w.%~!*()-]*$/, name);
        assert.deepEqual(
          [headers.get('content-type'), headers.get('x-content-type-options')],
          ['text/plain', 'nosniff'],
        );
      }
    },
  },
  {
    name: 'files: paths that lead out of the folder, or to no file, are 404',
    run: async (api) => {
      const id = await upload(api, 'mine', 'mine.txt');
      for (const name of [
        '..%2f..%2fetc%2fpasswd',
        '%2e%2e',
        '.',
        `${id}x`,
        `x${id}`,
        `.${id}`,
        'files.db',
        '%00',
        'a'.repeat(300),
      ]) {
        for (const one of [`/files/${name}`, `/v2/files/${name}/content`, `/v2/files/${name}`]) {
          const { status } = await api.admin('GET', one);
          assert.ok(
            status === 404 || status === 400 || (one === '/v2/files/.' && status === 200),
            `${one} -> ${status}`,
          );
        }
      }
      for (const name of [`${id}.exe`, `${id}.png.html`, id.toUpperCase(), `${id}.`]) {
        const { status, body, headers } = await api.anonymous('GET', `/files/${name}`);
        assert.deepEqual([status, body, headers.get('content-type')], [200, 'mine', 'text/plain'], name);
      }
      for (const method of ['POST', 'PUT', 'DELETE']) {
        assert.equal((await api.admin(method, `/files/${id}`, {})).status, 404, method);
      }
      assert.equal((await api.admin('DELETE', `/v2/files/${id}/content`)).status, 404);
    },
  },
  {
    name: 'files: filters and pages that make no sense are refused, and odd ones find what they say',
    run: async (api) => {
      const { admin, tag } = api;
      await upload(api, 'one', `${tag} 50%_É.TXT`);
      const names = async (filter: string) => {
        const { status, body } = await admin('GET', `${path}?filter=${encodeURIComponent(filter)}`);
        assert.equal(status, 200, `${filter} ${JSON.stringify(body)}`);
        return body.data.map((each: { file_name: string }) => each.file_name.replace(tag, ''));
      };
      const found = [' 50%_É.TXT'];
      for (const [filter, wanted] of [
        [`eq(file_name,${tag}_50%_é.txt)`, found],
        [`in(file_name,nothing,${tag.toUpperCase()} 50%_É.TXT)`, found],
        [`like(file_name,${tag}*%*)`, found],
        [`like(file_name,${tag}%)`, []],
        [`like(file_name,${tag}*50%__.txt)`, []],
        [`like(file_name,${tag}*):ge(file_size,0):eq(public,TRUE)`, found],
        [`like(file_name,${tag}*):gt(width,0)`, []],
        [`eq(id,nonsense)`, []],
        [`in(id,${randomUUID()},x)`, []],
      ] as const) {
        assert.deepEqual(await names(filter), wanted, filter);
      }
      for (const filter of [
        'eq(file_name,',
        'x',
        'eq(public,yes)',
        'gt(file_size,1e400)',
        'like(public,t*)',
        'gt(id,x)',
        'eq(width,)',
      ]) {
        isRefused(await admin('GET', `${path}?filter=${encodeURIComponent(filter)}`), filter);
      }
      for (const query of [
        'page[limit]=0',
        'page[limit]=-1',
        'page[offset]=x',
        'sort=public',
        'sort=-',
        'filter=eq(file_name,%00)',
      ]) {
        isRefused(await admin('GET', `${path}?${query}`), query);
      }
    },
  },
  {
    name: 'files: a link to a file elsewhere is http, has no credentials, and is sent to no one',
    run: async (api) => {
      for (const [value, href] of [
        ['https://a.example', 'https://a.example/'],
        ['HTTPS://A.EXAMPLE/É?q=é#f', 'https://a.example/%C3%89?q=%C3%A9#f'],
        ['http://127.0.0.1:1/secret', 'http://127.0.0.1:1/secret'],
        ['https://a.example/x\r\ny', 'https://a.example/xy'],
      ] as const) {
        const { status, body } = await sendForm(api, [{ name: 'file_location', value }]);
        assert.deepEqual([status, body.data?.link.href], [201, href], value);
        const { id } = body.data;
        const read = await api.admin('GET', `/v2/files/${id}/content`);
        assert.deepEqual([read.status, read.headers.get('location')], [404, null], value);
      }
      for (const value of ['data:text/html,x', '//a.example', 'https://', `https://a.example/${'x'.repeat(2_100)}`]) {
        isRefused(await sendForm(api, [{ name: 'file_location', value }]), value.slice(0, 40));
      }
    },
  },
];
