import type { MeshClient, MeshRequest } from '@banyan/kit/client';
import { ServiceError } from '@banyan/kit/errors';
import {
  type Change,
  type ChangesReply,
  type DigestsReply,
  type DigestsRequest,
  type ImportReply,
  type Outcome,
  type Ownership,
  type OwnershipReply,
  paths,
} from '@banyan/kit/import';
import { MigrationError } from '../errors.ts';
import type { Resource } from '../resources/resource.ts';
import { importBodies } from './import-bodies.ts';

/** Long, because a busy store takes its time for thousands of aggregates. */
const timeoutMs = 30_000;

/** The side of the service: its routes for the migration, called through the mesh. */
export interface ServiceSide {
  ownership(resource: Resource): Promise<OwnershipReply>;
  /** Compare and set. */
  changeOwnership(resource: Resource, from: Ownership, to: Ownership): Promise<{ changed: boolean } & OwnershipReply>;
  /** Changes that are too long for one request go in several: each is applied in one transaction. */
  import(resource: Resource, epoch: number, changes: readonly Change[]): Promise<readonly Outcome[]>;
  changes(resource: Resource): Promise<ChangesReply>;
  acknowledge(resource: Resource, seen: readonly { key: string; version: number }[]): Promise<void>;
  repeat(resource: Resource, keys: readonly string[]): Promise<void>;
  digests(resource: Resource, range: DigestsRequest): Promise<DigestsReply>;
  /** Tells the service that it has everything that the owner had committed a moment ago. */
  inStep(resource: Resource): Promise<void>;
}

/** @param token the credential that services take from the migration only */
export function serviceSide(mesh: MeshClient, token: string): ServiceSide {
  const send = async <Reply>(
    { service }: Resource,
    method: MeshRequest['method'],
    path: string,
    body?: string,
  ): Promise<{ status: number; reply: Reply }> => {
    const { status, text } = await mesh
      .send({
        service,
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs,
      })
      .catch((error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        throw new MigrationError('target_unavailable', error.message, { cause: error });
      });
    if (status === 503 || status === 504 || status === 502) {
      throw new MigrationError('target_unavailable', `the ${service} service does not respond: ${detailOf(text)}`);
    }
    if (status >= 300 && status !== 409) {
      throw new MigrationError('target_refused', `the ${service} service replied ${status}: ${detailOf(text)}`);
    }
    return { status, reply: (text === '' ? undefined : JSON.parse(text)) as Reply };
  };
  const sendText = async <Reply>(resource: Resource, method: MeshRequest['method'], path: string, body?: string) => {
    const { status, reply } = await send<Reply>(resource, method, path, body);
    if (status === 409) throw new MigrationError('not_following', detailOf(JSON.stringify(reply)));
    return reply;
  };
  const succeed = <Reply>(resource: Resource, method: MeshRequest['method'], path: string, body?: object) =>
    sendText<Reply>(resource, method, path, body && JSON.stringify(body));

  return {
    ownership: (resource) => succeed<OwnershipReply>(resource, 'GET', paths.ownership(resource.group)),
    changeOwnership: async (resource, from, to) => {
      const { status, reply } = await send<OwnershipReply>(
        resource,
        'PUT',
        paths.ownership(resource.group),
        JSON.stringify({ from, to }),
      );
      return { changed: status === 200, ...reply };
    },
    import: async (resource, epoch, changes) => {
      const all: Outcome[] = [];
      for (const body of importBodies(epoch, changes)) {
        all.push(...(await sendText<ImportReply>(resource, 'POST', paths.incoming(resource.name), body)).outcomes);
      }
      return all;
    },
    changes: (resource) => succeed<ChangesReply>(resource, 'GET', paths.changes(resource.name)),
    acknowledge: (resource, seen) => succeed<void>(resource, 'POST', paths.acknowledge(resource.name), { seen }),
    repeat: (resource, keys) => succeed<void>(resource, 'POST', paths.repeat(resource.name), { keys }),
    inStep: (resource) => succeed<void>(resource, 'POST', paths.inStep(resource.name)),
    digests: (resource, range) => succeed<DigestsReply>(resource, 'POST', paths.digests(resource.name), range),
  };
}

/** The detail of the API's error body. The body itself may hold values. */
function detailOf(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { title?: string; detail?: string }[] };
    return errors?.[0]?.detail ?? errors?.[0]?.title ?? 'without a reason';
  } catch {
    return 'without a reason';
  }
}
