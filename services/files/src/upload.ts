import { randomUUID } from 'node:crypto';
import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { ContentFolder } from '@banyan/kit/content';
import { causeOf } from '@banyan/kit/facts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { contentType } from './content-type.ts';
import { type Described, type File, linkOf, uploadOf } from './domain.ts';
import { noFile } from './errors.ts';
import { type Form, readForm, wrongField } from './form.ts';
import type { Store } from './store.ts';

const maxUrlLength = 2_048;

export interface Uploads {
  store: Pick<Store, 'insert'>;
  folder: ContentFolder;
  now: Clock;
}

/**
 * `POST /v2/files`: stores the uploaded file, or a link to a file elsewhere.
 *
 * @throws ServiceError as `readForm`, and `no_file` when there is none, `validation_failed` when a field is wrong,
 *   `misdirected` while another system owns the files
 */
export async function createFile(
  { store, folder, now }: Uploads,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<File> {
  const form = await readForm(request, reply, folder);
  const { content, clientName } = form;
  try {
    const described: Described = {
      ...{ id: randomUUID(), name: form.fields.get('file_name') ?? '', isPublic: isPublic(form) },
      now: microsOf(now()),
    };
    const file =
      content === undefined
        ? linkOf(described, locationIn(form))
        : uploadOf(described, clientName, content, await contentType(content.head));
    // First the content, then its row: a row never names content that is not there. Without its row it is swept later.
    if (content !== undefined) await folder.keep(content);
    await store.insert(causeOf(request.headers, now()), file);
    return file;
  } finally {
    if (content !== undefined) await folder.discard(content);
  }
}

function locationIn({ fields }: Form): URL {
  const location = fields.get('file_location');
  if (location === undefined || location === '') throw noFile();
  const url = URL.parse(location);
  const isLink =
    url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  if (!isLink || url.href.length > maxUrlLength) throw wrongField('file_location', 'must be an http or https URL');
  return url;
}

function isPublic({ fields }: Form): boolean {
  const text = (fields.get('public') ?? 'true').trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw wrongField('public', 'must be true or false');
  return text === 'true';
}
