import { queryOf } from '@banyan/kit/api';
import { askedIds, relationOf } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { paths } from './contract.ts';
import { entityOfType } from './entities.ts';
import { entryView, fieldsNow } from './entry.ts';
import { definitionOf, type FlowField } from './field.ts';
import type { Store } from './store.ts';
import type { LinkTargets } from './targets.ts';

export interface PeerHandlers {
  store: Store;
  targets: LinkTargets;
  /** @throws ServiceError `invalid_peer`: `Authorization` has no credentials of a service */
  requirePeer: (authorization: string | undefined) => void;
  publicUrl: string;
}

/** `/internal/fields`: what a service asks that keeps entities to which flows add fields. */
export function addPeerRoutes(server: Server, { store, targets, requirePeer, publicUrl }: PeerHandlers): void {
  server.get(
    paths.forPeers,
    { schema: { summary: 'The fields that entities have now, for other services' } },
    async (request) => {
      requirePeer(request.headers.authorization);
      const { slug = '' } = queryOf(request);
      const flow = await store.flow(slug);
      const isNow = flow?.enabled === true && flow.slug === slug;
      const fields = isNow ? fieldsNow(flow, await store.fieldsOf(flow.id)) : [];
      return {
        data: {
          flow: flow ? { id: flow.id, slug: flow.slug } : null,
          fields: fields.map((field) => ({ ...definitionOf(field), ...targetOf(field) })),
        },
      };
    },
  );

  server.get(
    paths.entriesForPeers,
    { schema: { summary: 'Entries that links lead to, for other services' } },
    async (request) => {
      requirePeer(request.headers.authorization);
      const { to = '', ids = '' } = queryOf(request);
      return { data: await includedEntries(store, publicUrl, to, ids.split(',')) };
    },
  );

  server.get(
    paths.targetsForPeers,
    { schema: { summary: 'Which targets of links exist, for other services' } },
    async (request) => {
      requirePeer(request.headers.authorization);
      const { to = '' } = queryOf(request);
      return { data: await targets.existing(to, askedIds(request.query), request.headers) };
    },
  );
}

/** Those of the entries of a flow that exist, as an include shows them. */
export async function includedEntries(store: Store, publicUrl: string, to: string, ids: readonly string[]) {
  const flow = await store.flow(to);
  if (flow === undefined) return [];
  const [found, all] = await Promise.all([store.entriesById(flow.id, ids), store.fieldsOf(flow.id)]);
  const place = { flow, fields: fieldsNow(flow, all), publicUrl };
  return found.map((entry) => entryView(entry, place));
}

/** What the links of a relationship lead to, where its owner has a list of them; null: entries of a flow. */
export function targetOf(field: Pick<FlowField, 'validation_rules'>) {
  const relation = relationOf(field);
  return relation === undefined ? {} : { target: entityOfType(relation.to)?.shown ?? null };
}
