import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { StreamedReply, StreamingMeshClient } from '@banyan/kit/client';
import { contentPaths, type LackingReply } from '@banyan/kit/content';
import { ServiceError } from '@banyan/kit/errors';

import { MigrationError } from '../errors.ts';
import type { Resource } from '../resources/resource.ts';

/** For one content. */
const timeoutMs = 60_000;

/** The content of a service: its routes for the migration, called through the mesh. Each content is one request, and none is in memory whole. */
export interface ContentSide {
  /** Those of the hashes whose content the service does not have. It keeps the others for an hour at least. */
  lacking(resource: Resource, hashes: readonly string[]): Promise<string[]>;
  put(resource: Resource, hash: string, content: Readable): Promise<void>;
  /** Content, which the caller reads to its end or destroys. Null: the service does not have it. */
  get(resource: Resource, hash: string): Promise<Readable | null>;
}

/** @param token the credential that services take from the migration only */
export function contentSide(mesh: Pick<StreamingMeshClient, 'stream'>, token: string): ContentSide {
  const authorization = `Bearer ${token}`;
  const send = async (
    { service }: Resource,
    request: { method: 'GET' | 'POST' | 'PUT'; path: string; type?: string; body?: Readable },
  ): Promise<StreamedReply> => {
    const { method, path, type, body } = request;
    const reply = await mesh
      .stream({
        ...{ service, method, path, timeoutMs },
        headers: { authorization, ...(type === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
      })
      .catch((error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        throw new MigrationError('target_unavailable', error.message, { cause: error });
      });
    if (reply.status < 300 || (reply.status === 404 && method === 'GET')) return reply;
    reply.body.destroy();
    const isAway = [502, 503, 504].includes(reply.status);
    const message = `the ${service} service replied ${reply.status} to content`;
    throw new MigrationError(isAway ? 'target_unavailable' : 'target_refused', message);
  };
  return {
    lacking: async (resource, hashes) => {
      const path = contentPaths.lacking(resource.name);
      const body = Readable.from([JSON.stringify({ hashes })]);
      const reply = await send(resource, { method: 'POST', path, type: 'application/json', body });
      return (JSON.parse(await text(reply.body)) as LackingReply).lacking;
    },
    put: async (resource, hash, body) => {
      const path = contentPaths.content(resource.name, hash);
      const reply = await send(resource, { method: 'PUT', path, type: 'application/octet-stream', body });
      reply.body.resume();
    },
    get: async (resource, hash) => {
      const { status, body } = await send(resource, { method: 'GET', path: contentPaths.content(resource.name, hash) });
      if (status === 200) return body;
      body.destroy();
      return null;
    },
  };
}
