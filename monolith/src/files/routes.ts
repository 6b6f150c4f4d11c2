import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { attributesReply } from '../api/attributes.ts';
import { notFound } from '../api/faults.ts';
import { audit } from '../audit.ts';
import { inTransaction } from '../db.ts';
import { ShopError } from '../errors.ts';
import { recordDeletion } from '../events/record.ts';
import type { Readiness } from '../health/readiness.ts';
import { clearOtherHalves, noteDeleted } from '../seams/other-halves.ts';
import type { Shop } from '../shop.ts';
import { sendContent } from './content-reply.ts';
import { ContentStore } from './content-store.ts';
import { createFile } from './create-file.ts';
import { listFiles } from './file-list.ts';
import { fileView } from './file-view.ts';
import { findFiles, requireFile } from './find-files.ts';

const NewFile = Type.Object({
  file: Type.Optional(Type.String()),
  file_location: Type.Optional(Type.String()),
  file_name: Type.Optional(Type.String()),
  public: Type.Optional(Type.Boolean()),
});

interface ById {
  Params: { id: string };
}

/** `/v2/files`, and the content of public files, which needs no token. */
export function fileRoutes(app: FastifyInstance, shop: Shop, readiness: Readiness): void {
  const store = new ContentStore(shop.config.filesFolder);
  const publicOnly = (request: FastifyRequest) => request.access.kind === 'implicit';

  app.includables.set('file', {
    plural: 'files',
    views: async (request, ids) => {
      const rows = await findFiles(shop, ids, publicOnly(request));
      return rows.map((row) => fileView(row, shop.config.publicUrl));
    },
  });

  app.get('/v2/files', (request) => listFiles(shop, request));

  app.get('/v2/files/attributes', () => attributesReply('files', NewFile));

  app.get<ById>('/v2/files/:id', async (request) => ({
    data: fileView(await requireFile(shop, request.params.id, publicOnly(request)), shop.config.publicUrl),
  }));

  app.delete<ById>('/v2/files/:id', async (request, reply) => {
    const { id } = await requireFile(shop, request.params.id, false);
    await inTransaction(shop.db, async (db) => {
      // Only the row: the sweep deletes the content when no other file has it.
      const { rowCount } = await db.query('delete from files where id = $1', [id]);
      if (rowCount === 0) throw notFound('The requested file could not be found', 'File not found');
      await audit(shop, db, request.access, { action: 'deleted', entity: 'file', entityId: id });
      await recordDeletion(db, shop.now(), 'file', id.toLowerCase());
      await noteDeleted(db, 'file', [id], shop.now());
    });
    await clearOtherHalves(shop, 'file', [id]);
    return reply.code(204).send();
  });

  app.get<ById>('/v2/files/:id/content', async (request, reply) =>
    sendContent(shop, store, await requireFile(shop, request.params.id, publicOnly(request)), request, reply),
  );

  app.get<{ Params: { name: string } }>('/files/:name', async (request, reply) => {
    if (!readiness.isPrepared) {
      throw new ShopError('store_unavailable', { detail: 'The store has not responded yet; try again' });
    }
    const [id = ''] = request.params.name.split('.');
    return sendContent(shop, store, await requireFile(shop, id, true), request, reply);
  });

  // The parsers of a form are those of this one route.
  app.register(async (scope) => {
    await scope.register(multipart);
    scope.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    scope.post('/v2/files', async (request, reply) => {
      const id = await createFile(shop, store, request, reply);
      return reply.code(201).send({ data: fileView(await requireFile(shop, id, false), shop.config.publicUrl) });
    });
  });
}
