import Type from '../../vendor/typebox.js';
import { bearerCheck } from '../http/bearer.ts';
import type { Server } from '../http/server-type.ts';
import { ServiceError } from '../service/errors.ts';
import {
  Acknowledgement,
  DigestsRequest,
  ImportRequest,
  maxChanges,
  OwnershipChange,
  RepeatRequest,
} from './contract.ts';
import type { Moves } from './moves.ts';

/** A batch of whole aggregates is longer than a request of a client. */
const bodyLimit = 32 * 1_048_576;

const Resource = Type.Object({ resource: Type.String({ maxLength: 64 }) });
const Group = Type.Object({ group: Type.String({ maxLength: 64 }) });

/**
 * The routes that the migration's worker uses. Without a token there are none: the service takes part in no migration.
 *
 * There are no response schemas: a serializer would coerce what states hold.
 *
 * @param token the credential of the worker
 */
export function addImportRoutes<Tx>(server: Server, moves: Moves<Tx>, token: string | undefined): void {
  if (token === undefined) return;
  const isMigration = bearerCheck(token);
  void server.register(async (internal) => {
    // Before the body is read: it may be large.
    internal.addHook('onRequest', async (request) => {
      if (isMigration(request.headers.authorization)) return;
      throw new ServiceError('not_the_migration', { detail: 'This path takes the credential of the migration only' });
    });
    const routes = internal as unknown as Server;

    routes.get('/internal/ownership/:group', { schema: { hide: true, params: Group } }, ({ params }) =>
      moves.ownership(params.group),
    );
    routes.put(
      '/internal/ownership/:group',
      { schema: { hide: true, params: Group, body: OwnershipChange } },
      async ({ params, body }, reply) => {
        const { changed, ...now } = await moves.changeOwnership(params.group, body.from, body.to);
        return reply.code(changed ? 200 : 409).send(now);
      },
    );
    routes.post(
      '/internal/import/:resource',
      { bodyLimit, schema: { hide: true, params: Resource, body: ImportRequest } },
      async ({ params, body }) => ({ outcomes: await moves.apply(params.resource, body.epoch, body.changes) }),
    );
    routes.get('/internal/changes/:resource', { schema: { hide: true, params: Resource } }, ({ params }) =>
      moves.changes(params.resource, maxChanges),
    );
    routes.post(
      '/internal/changes/:resource/acknowledged',
      { bodyLimit, schema: { hide: true, params: Resource, body: Acknowledgement } },
      async ({ params, body }, reply) => {
        await moves.acknowledge(params.resource, body.seen);
        return reply.code(204).send();
      },
    );
    routes.post(
      '/internal/changes/:resource/repeated',
      { bodyLimit, schema: { hide: true, params: Resource, body: RepeatRequest } },
      async ({ params, body }, reply) => {
        await moves.repeat(params.resource, body.keys);
        return reply.code(204).send();
      },
    );
    routes.post(
      '/internal/in-step/:resource',
      { schema: { hide: true, params: Resource } },
      async ({ params }, reply) => {
        moves.noteInStep(params.resource);
        return reply.code(204).send();
      },
    );
    routes.post(
      '/internal/digests/:resource',
      { schema: { hide: true, params: Resource, body: DigestsRequest } },
      ({ params, body }) => moves.digests(params.resource, body),
    );
  });
}
