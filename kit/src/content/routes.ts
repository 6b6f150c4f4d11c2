import type { Readable } from 'node:stream';
import Type from '../../vendor/typebox.js';
import { bearerCheck } from '../http/bearer.ts';
import type { Server } from '../http/server.ts';
import { ServiceError } from '../service/errors.ts';
import { Hash, type LackingReply, LackingRequest } from './contract.ts';
import { type ContentFolder, ContentTooLong } from './folder.ts';

export interface ContentRoutes {
  resource: string;
  folder: ContentFolder;
  /** The longest content. */
  maxBytes: number;
  /** The credential of the migration's worker. Without one there are no routes. */
  token: string | undefined;
}

/** The routes by which content comes to a service that follows, and goes back from one that owns. */
export function addContentRoutes(server: Server, { resource, folder, maxBytes, token }: ContentRoutes): void {
  if (token === undefined) return;
  const isMigration = bearerCheck(token);
  const params = Type.Object({ hash: Hash });
  const path = `/internal/contents/${resource}`;
  void server.register(async (scope) => {
    scope.addHook('onRequest', async (request) => {
      if (isMigration(request.headers.authorization)) return;
      throw new ServiceError('not_the_migration', { detail: 'This path takes the credential of the migration only' });
    });
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    const routes = scope as unknown as Server;

    routes.post(`${path}/lacking`, { schema: { hide: true, body: LackingRequest } }, async ({ body }) => {
      const lacking: string[] = [];
      for (const hash of body.hashes) if (!(await folder.freshen(hash))) lacking.push(hash);
      return { lacking } satisfies LackingReply;
    });

    routes.put(`${path}/:hash`, { schema: { hide: true, params } }, async (request, reply) => {
      const source = request.body as Readable | undefined;
      if (source === undefined) throw refused('There is no content');
      const received = await folder.receive(source, { maxBytes }).catch((error: unknown) => {
        if (error instanceof ContentTooLong) throw refused(`Content has at most ${maxBytes} bytes`);
        throw error;
      });
      try {
        if (received.hash !== request.params.hash) throw refused('The content has another hash');
        await folder.keep(received);
      } finally {
        await folder.discard(received);
      }
      return reply.code(204).send();
    });

    routes.get(`${path}/:hash`, { schema: { hide: true, params } }, async ({ params: { hash } }, reply) => {
      const file = await folder.open(hash);
      if (file === undefined) throw new ServiceError('not_found', { detail: 'There is no such content' });
      return reply.type('application/octet-stream').send(file.createReadStream());
    });
  });
}

const refused = (detail: string) => new ServiceError('bad_request', { detail });
