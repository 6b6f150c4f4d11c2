import { randomUUID } from 'node:crypto';
import { attributesReply, badRequest, checker, microsOf, objectOf, requireSameId } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { attributeOf } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import { FlowChange, NewFlow, paths } from './contract.ts';
import { fieldsNow } from './entry.ts';
import { missing } from './errors.ts';
import { fieldView } from './field.ts';
import { changedFlow, type Flow, flowView, madeFlow } from './flow.ts';
import type { Store } from './store.ts';

export interface FlowHandlers {
  store: Store;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

interface ById {
  Params: { id: string };
}

const newFlow = checker(NewFlow);
const flowChange = checker(FlowChange);

/** `/v2/flows`, and what describes the entries of one. */
export function addFlowRoutes(server: Server, { store, publicUrl, now }: FlowHandlers): void {
  const view = (flow: Flow) => flowView(flow, publicUrl);

  server.get(paths.flows, { schema: { summary: 'List flows' } }, async () => ({
    data: (await store.flows()).map(view),
  }));

  server.get(paths.flowsAttributes, { schema: { summary: 'The members of a flow' } }, async () =>
    attributesReply('flows', NewFlow),
  );

  server.get<ById>(paths.flow, { schema: { summary: 'Read a flow' } }, async ({ params }) => ({
    data: view(await requireFlow(store, params.id)),
  }));

  server.get<ById>(paths.fieldsOfFlow, { schema: { summary: 'List the fields of a flow' } }, async ({ params }) => {
    const { id } = await requireFlow(store, params.id);
    return { data: (await store.fieldsOf(id)).map((field) => fieldView(field, publicUrl)) };
  });

  server.get<ById>(paths.attributesOfFlow, { schema: { summary: 'The fields of entries' } }, async ({ params }) => {
    const flow = await requireFlow(store, params.id);
    const fields = fieldsNow(flow, await store.fieldsOf(flow.id));
    return { data: fields.map(attributeOf), meta: { entity: flow.slug, version: 'v2' } };
  });

  server.post(paths.flows, { schema: { summary: 'Make a flow' } }, async (request, reply) => {
    const flow = madeFlow(newFlow(objectOf(request.body)), randomUUID(), microsOf(now()));
    await store.transaction((changes) => changes.insertFlow(flow));
    return reply.code(201).send({ data: view(flow) });
  });

  server.put<ById>(paths.flow, { schema: { summary: 'Change a flow' } }, async (request) => {
    const change = flowChange(objectOf(request.body));
    const flow = await store.transaction(async (changes) => {
      const before = existing(await changes.flow(named(request.params.id), 'to_write'));
      requireSameId(before.id, change.id);
      const after = changedFlow(before, change, microsOf(now()));
      await changes.updateFlow(after);
      return after;
    });
    return { data: view(flow) };
  });

  server.delete<ById>(paths.flow, { schema: { summary: 'Delete a flow' } }, async (request, reply) => {
    await store.transaction(async (changes) => {
      const { id } = existing(await changes.flow(named(request.params.id), 'to_write'));
      await changes.deleteFlow(id);
    });
    return reply.code(204).send();
  });
}

/** @throws FlowsError `not_found` */
export async function requireFlow(store: Pick<Store, 'flow'>, idOrSlug: string): Promise<Flow> {
  return existing(await store.flow(named(idOrSlug)));
}

/** @throws FlowsError `not_found` */
export function existing(flow: Flow | undefined): Flow {
  if (flow === undefined) throw missing('flow');
  return flow;
}

/** The name of a flow in a path. @throws ServiceError `bad_request`: no store holds such a text */
export function named(idOrSlug: string): string {
  if (idOrSlug.includes('\0')) throw badRequest('The request holds a value that cannot be stored');
  return idOrSlug;
}
