import { randomUUID } from 'node:crypto';
import { everyPage, type Kind, oddText } from './kind.ts';

interface File {
  file_name: string;
  link: { href: string };
}

/** What a file with this name has in it. */
export const contentOf = (name: string): string => `${name} ${oddText}`;

/**
 * Files: the name is unique, and the content is made of it. The API deletes a file and does not change it. One that is there
 * without its content is not found.
 */
export const files: Kind = {
  resource: 'files',
  lasting: false,
  unique: (client, round) => `ledger-${client}-${round}-${randomUUID().slice(0, 8)}.txt`,
  create: (name) => {
    const form = new FormData();
    form.set('public', 'true');
    form.set('file', new Blob([contentOf(name)]), name);
    return { method: 'POST', path: '/v2/files', form };
  },
  pathOf: (_name, { body }) => `/v2/files/${body.data.id}`,
  change: () => null,
  remove: (path) => ({ method: 'DELETE', path }),
  read: (_name, path) => ({ method: 'GET', path }),
  valueIn: (name, { status, body }) => (status === 404 || body.data.file_name !== name ? null : 1),
  find: async (shop, names) => {
    const wanted = new Set(names);
    const found = [];
    for (const { file_name: name, link } of (await everyPage(shop, '/v2/files')) as File[]) {
      if (!wanted.has(name)) continue;
      const { status, bytes } = await shop.bytes(new URL(link.href).pathname);
      if (status === 200 && bytes.toString() === contentOf(name)) found.push({ unique: name, value: 1 });
    }
    return found;
  },
};
