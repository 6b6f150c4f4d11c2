import type { FastifyReply, FastifyRequest } from 'fastify';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { recordEvent } from '../events/record.ts';
import type { Shop } from '../shop.ts';
import type { ContentStore, Received } from './content-store.ts';
import { contentType, typeByName } from './content-type.ts';
import { filterName, nameInUrl, plainName } from './file-name.ts';
import { insertFile, type NewFile } from './file-rows.ts';
import { fileView } from './file-view.ts';
import { type Form, noFile, readForm, wrongField } from './form.ts';
import { sharedContentLock } from './sweep.ts';

const maxUrlLength = 2_048;

/**
 * `POST /v2/files`: stores the uploaded file, or a link to a file elsewhere; returns the id.
 * @throws ShopError `validation_failed` when there is no file, or a field is wrong
 * @throws ShopError `bad_request` when the form cannot be read
 * @throws ShopError `body_too_large` when the file is too large
 */
export async function createFile(
  shop: Shop,
  store: ContentStore,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string> {
  const form = await readForm(request, reply, store);
  const { content } = form;
  try {
    const file = content === undefined ? linkOf(form, shop.now()) : await uploadOf(form, content, shop.now());
    return await inTransaction(shop.db, async (db) => {
      if (content !== undefined) {
        await sharedContentLock(db);
        // First the content, then its row: a row never names content that is not there.
        await store.keep(content);
      }
      const entityId = await insertFile(db, file);
      await audit(shop, db, request.access, { action: 'created', entity: 'file', entityId });
      const data = fileView({ ...file, id: entityId }, shop.config.publicUrl);
      await recordEvent(db, shop.now(), 'file.created', entityId, { data });
      return entityId;
    });
  } finally {
    if (content !== undefined) await store.discard(content);
  }
}

async function uploadOf(form: Form, content: Received, now: Date): Promise<NewFile> {
  const name = plainName(form.fields.get('file_name') || form.clientName);
  const { mimeType, dimensions } = await contentType(content.head);
  return {
    file_name: name,
    filter_name: filterName(name),
    mime_type: mimeType,
    file_size: content.size,
    public: isPublic(form),
    width: dimensions?.width ?? null,
    height: dimensions?.height ?? null,
    content_hash: content.hash,
    location: null,
    created_at: now,
  };
}

/** A link is stored as it is: nothing fetches the file that it names. */
function linkOf(form: Form, now: Date): NewFile {
  const location = form.fields.get('file_location');
  if (location === undefined || location === '') throw noFile();
  const url = URL.parse(location);
  const isLink =
    url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  if (!isLink || url.href.length > maxUrlLength) throw wrongField('file_location', 'must be an http or https URL');
  const given = form.fields.get('file_name');
  const name = given ? plainName(given) : nameInUrl(url);
  return {
    file_name: name,
    filter_name: filterName(name),
    mime_type: typeByName(nameInUrl(url)),
    file_size: 0,
    public: isPublic(form),
    width: null,
    height: null,
    content_hash: null,
    location: url.href,
    created_at: now,
  };
}

function isPublic({ fields }: Form): boolean {
  const text = (fields.get('public') ?? 'true').trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw wrongField('public', 'must be true or false');
  return text === 'true';
}
