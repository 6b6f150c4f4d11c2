import { attributesReply, failedValidation, microsOf, objectOf, requireSameId } from '@banyan/kit/api';
import { relationOf } from '@banyan/kit/fields';
import type { Server } from '@banyan/kit/http';
import type { Changes } from './changes.ts';
import { NewField, paths } from './contract.ts';
import { entityOfType, isReservedMember } from './entities.ts';
import { FlowsError, missing } from './errors.ts';
import { changedField, type FlowField, fieldView, flowIn, madeField } from './field.ts';
import { existing, type FlowHandlers } from './flow-routes.ts';

/** The most fields of one flow. */
const maxFields = 100;

interface ById {
  Params: { id: string };
}

/** `/v2/fields`. */
export function addFieldRoutes(server: Server, { store, publicUrl, now }: FlowHandlers): void {
  const view = (field: FlowField) => fieldView(field, publicUrl);

  server.get(paths.fields, { schema: { summary: 'List the fields of all flows' } }, async () => ({
    data: (await store.fields()).map(view),
  }));

  server.get(paths.fieldsAttributes, { schema: { summary: 'The members of a field' } }, async () =>
    attributesReply('fields', NewField),
  );

  server.get<ById>(paths.field, { schema: { summary: 'Read a field' } }, async ({ params }) => ({
    data: view(found(await store.field(params.id))),
  }));

  server.post(paths.fields, { schema: { summary: 'Add a field to a flow' } }, async (request, reply) => {
    const data = objectOf(request.body);
    const named = flowIn(data);
    const field = await store.transaction(async (changes) => {
      // The lock makes additions to a flow queue, so that none exceeds the limit.
      const flow = await changes.flow(named, 'to_write');
      const made = madeField(data, flow?.id ?? named, microsOf(now()));
      const { id, slug } = existing(flow);
      await checkPlace(changes, slug, made);
      if ((await changes.fieldsOf(id)).length >= maxFields) {
        throw new FlowsError('field_limit', { detail: `A flow has at most ${maxFields} fields` });
      }
      await changes.saveField(made);
      return made;
    });
    return reply.code(201).send({ data: view(field) });
  });

  server.put<ById>(paths.field, { schema: { summary: 'Change a field' } }, async (request) => {
    const data = objectOf(request.body);
    const field = await store.transaction(async (changes) => {
      const before = found(await changes.field(request.params.id));
      const { bodyId, field: after } = changedField(before, data, microsOf(now()));
      requireSameId(before.id, bodyId);
      const { slug } = existing(await changes.flow(before.flowId, 'to_read'));
      await checkPlace(changes, slug, after);
      await changes.saveField(after);
      return after;
    });
    return { data: view(field) };
  });

  server.delete<ById>(paths.field, { schema: { summary: 'Delete a field' } }, async (request, reply) => {
    await store.transaction(async (changes) => changes.deleteField(found(await changes.field(request.params.id))));
    return reply.code(204).send();
  });
}

/**
 * Checks a field against its flow and the target of its relationship.
 *
 * @throws ServiceError `validation_failed`: an entity of the flow has such a member already, or the target is unknown
 */
async function checkPlace(changes: Changes, flowSlug: string, field: FlowField): Promise<void> {
  if (isReservedMember(flowSlug, field.slug)) {
    throw failedValidation([{ detail: 'The data.slug field names a member that exists.', source: 'data.slug' }]);
  }
  const to = relationOf(field)?.to;
  if (to === undefined || entityOfType(to) !== undefined) return;
  if ((await changes.flow(to, 'to_read')) !== undefined) return;
  const source = 'data.validation_rules.0.to';
  throw failedValidation([{ detail: `The ${source} field must be an entity or the slug of a flow.`, source }]);
}

function found(field: FlowField | undefined): FlowField {
  if (field === undefined) throw missing('field');
  return field;
}
