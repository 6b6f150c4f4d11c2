import { bearerCheck } from '@banyan/kit/bearer';
import { ServiceError } from '@banyan/kit/errors';
import type { Server } from '@banyan/kit/http';
import Type from '@banyan/kit/typebox';
import { MigrationError } from '../errors.ts';
import type { Worker } from './worker.ts';

const SettleRequest = Type.Object({ resources: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }) });
const Verb = Type.Enum(['backfill', 'parity', 'repair', 'switch', 'detach']);
const Target = Type.Enum(['service', 'monolith']);
const RouteParams = Type.Object({ resource: Type.String({ maxLength: 64 }) });
const VerbParams = Type.Object({ resource: Type.String({ maxLength: 64 }), verb: Verb });
const VerbOptions = Type.Optional(Type.Object({ full: Type.Optional(Type.Boolean()), target: Type.Optional(Target) }));

/** Codes of the worker's own replies, and their statuses. */
export const workerErrors = {
  not_settled: { status: 503, title: 'Not Settled' },
  unauthorized: { status: 401, title: 'Unauthorized' },
  conflict: { status: 409, title: 'Conflict' },
  unknown: { status: 404, title: 'Not Found' },
};

/**
 * POST /settle is for the mesh and needs no credential: it changes nothing. The other paths are for the command line.
 *
 * @param token the credential of the command line
 */
export function addRoutes(server: Server, worker: Worker, token: string): void {
  const isMigration = bearerCheck(token);

  server.post('/settle', { schema: { body: SettleRequest } }, async ({ body }, reply) => {
    try {
      await worker.settle(body.resources);
    } catch (error) {
      // The detail goes to the mesh's log: the reason, without any value.
      const detail = error instanceof MigrationError ? error.message : 'the follower is not in step';
      throw new ServiceError('not_settled', { detail, retryAfterS: 1, cause: error });
    }
    return reply.code(204).send();
  });

  void server.register(async (scope) => {
    const routes = scope as unknown as Server;
    routes.addHook('onRequest', async (request) => {
      if (isMigration(request.headers.authorization)) return;
      throw new ServiceError('unauthorized', { detail: 'MIGRATION_TOKEN is the credential of this path' });
    });
    routes.get('/resources', async () => ({ resources: await worker.status() }));
    routes.post(
      '/resources/:resource/:verb',
      { schema: { params: VerbParams, body: VerbOptions } },
      async ({ params, body }, reply) => {
        try {
          return reply.code(202).send(worker.begin(params.resource, params.verb, body ?? {}));
        } catch (error) {
          throw refusal(error);
        }
      },
    );
    routes.get('/places', async () => ({ places: await worker.places() }));
    routes.post(
      '/places/:resource',
      { schema: { params: RouteParams, body: Type.Object({ target: Target }) } },
      async ({ params, body }, reply) => {
        try {
          await worker.route(params.resource, body.target);
          return reply.code(204).send();
        } catch (error) {
          throw refusal(error);
        }
      },
    );
  });
}

function refusal(error: unknown): unknown {
  if (!(error instanceof MigrationError)) return error;
  return new ServiceError(error.code === 'bad_arguments' ? 'unknown' : 'conflict', { detail: error.message });
}
