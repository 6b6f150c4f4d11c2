import { type Authenticate, type FindSubject, readOnlyForShoppers, seesLiveOnly } from '@banyan/kit/access';
import {
  attributesReply,
  type Condition,
  type FilterFields,
  listReply,
  queryOf,
  readFilter,
  readPage,
  readSort,
} from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { ContentFolder } from '@banyan/kit/content';
import { causeOf } from '@banyan/kit/facts';
import type { Server } from '@banyan/kit/http';
import { guardApi, type PageLength, type RequireCurrency } from '@banyan/kit/peers';
import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { sendContent } from './content-reply.ts';
import { NewFile, paths } from './contract.ts';
import { type File, fileIdOf, fileView } from './domain.ts';
import { fileMissing } from './errors.ts';
import { filterName } from './file-name.ts';
import { type Store, sortFields } from './store.ts';
import { createFile } from './upload.ts';

export interface Handlers {
  store: Store;
  folder: ContentFolder;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Files are the same for all, but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

const filterFields: FilterFields = {
  id: { type: 'id' },
  file_name: { type: 'text' },
  public: { type: 'boolean' },
  width: { type: 'integer' },
  height: { type: 'integer' },
  file_size: { type: 'integer' },
};

interface ById {
  Params: { id: string };
}

/** HTTP to domain, and back. Clients that see live entities only see public files only. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, folder, publicUrl, now } = handlers;
  guardApi(server, {
    ...handlers,
    rule: readOnlyForShoppers,
    requireCurrency: ({ headers }) => handlers.requireCurrency(headers),
  });

  server.get(paths.files, { schema: { summary: 'List files' } }, async (request) => {
    const query = queryOf(request);
    const page = await readPage(query, () => handlers.pageLength(request.headers));
    const filter = readFilter(query.filter, filterFields).map(asNamed);
    const sort = readSort(query.sort, sortFields);
    const { files, total } = await store.list({ publicOnly: seesLiveOnly(request.caller), filter, sort, page });
    const data = files.map((file) => fileView(file, publicUrl));
    return listReply({ request, publicUrl }, page, total, data);
  });

  server.get(paths.attributes, { schema: { summary: 'The members of a file' } }, async () =>
    attributesReply('files', NewFile),
  );

  server.get<ById>(paths.file, { schema: { summary: 'Read a file' } }, async (request) => ({
    data: fileView(await visibleFile(request), publicUrl),
  }));

  server.delete<ById>(paths.file, { schema: { summary: 'Delete a file' } }, async (request, reply) => {
    const deleted = await store.delete(causeOf(request.headers, now()), fileIdOf(request.params.id));
    if (!deleted) throw fileMissing();
    return reply.code(204).send();
  });

  server.get<ById>(paths.content, { schema: { summary: 'Read the content of a file' } }, async (request, reply) =>
    sendContent(folder, await visibleFile(request), request, reply),
  );

  server.get<{ Params: { name: string } }>(
    paths.publicContent,
    { schema: { summary: 'Read the content of a public file, without a token' } },
    async (request, reply) => {
      const [id = ''] = request.params.name.split('.');
      return sendContent(folder, await requireFile(id, true), request, reply);
    },
  );

  // The parsers of a form are those of this one route.
  void server.register(async (scope) => {
    await scope.register(multipart);
    scope.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    scope.post(paths.files, { schema: { summary: 'Store a file, or a link to one' } }, async (request, reply) => {
      const file = await createFile({ store, folder, now }, request, reply);
      return reply.code(201).send({ data: fileView(file, publicUrl) });
    });
  });

  const visibleFile = (request: FastifyRequest<ById>) => requireFile(request.params.id, seesLiveOnly(request.caller));

  /** @throws FilesError `file_missing` when it does not exist, or the client may not see it */
  async function requireFile(id: string, publicOnly: boolean): Promise<File> {
    const file = await store.find(fileIdOf(id), publicOnly);
    if (file === undefined) throw fileMissing();
    return file;
  }
}

/** Names are compared in the form that filters have of them. */
function asNamed(condition: Condition): Condition {
  if (condition.field !== 'file_name') return condition;
  if (condition.is === 'like') return { ...condition, pattern: filterName(condition.pattern) };
  return condition.is === 'in' ? { ...condition, values: condition.values.map(filterName) } : condition;
}
