import assert from 'node:assert/strict';
import type { Api, Reply } from './api.ts';

/** The paths of what the errors of a reply complain about. */
export const sources = ({ body }: Reply): string[] => body.errors.map((one: { source: string }) => one.source);

export const between = { type: 'between', options: { from: 1, to: 5 } };
/** The members of a field that links entities. */
export const relation = (type: 'one-to-many' | 'one-to-one', to: string) => ({
  ...{ field_type: 'relationship', validation_rules: [{ type, to }] },
});

/** A field of a flow as a body, a text unless `members` says otherwise. */
export const fieldOf = (flow: string, members: object) => ({
  ...{ type: 'field', name: 'F', slug: 'f', field_type: 'string', description: '', required: false },
  relationships: { flow: { data: { type: 'flow', id: flow } } },
  ...members,
});

/** Makes an enabled flow and returns its id. */
export async function makeFlow({ admin }: Api, slug: string): Promise<string> {
  const data = { type: 'flow', name: slug, slug, description: '', enabled: true };
  const { status, body } = await admin('POST', '/v2/flows', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** Adds a field to a flow, which its id or its slug names, and returns the field's id. */
export async function addField({ admin }: Api, flow: string, slug: string, members: object = {}): Promise<string> {
  const data = fieldOf(flow, { name: slug, slug, ...members });
  const { status, body } = await admin('POST', '/v2/fields', { data });
  assert.equal(status, 201, JSON.stringify(body));
  return body.data.id;
}

/** The fields of a flow: their members by their slugs. */
export type FieldPlan = Readonly<Record<string, object>>;

/**
 * Runs `work` while a core entity has fields. A store may have fields on it already, so only what this made is deleted
 * afterwards.
 */
export async function withFields(
  api: Api,
  flow: string,
  fields: FieldPlan,
  work: (flow: string) => Promise<void>,
): Promise<void> {
  const { admin } = api;
  const found = await admin('GET', `/v2/flows/${flow}`);
  const isNew = found.status === 404;
  const id: string = isNew ? await makeFlow(api, flow) : found.body.data.id;
  const made: string[] = [];
  try {
    for (const [slug, members] of Object.entries(fields)) made.push(await addField(api, id, slug, members));
    await work(id);
  } finally {
    if (isNew) await admin('DELETE', `/v2/flows/${id}`);
    else for (const field of made) await admin('DELETE', `/v2/fields/${field}`);
  }
}
