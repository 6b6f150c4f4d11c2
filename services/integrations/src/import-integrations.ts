import { type Queryable, statement } from '@banyan/kit/postgres';
import Type, { type Static } from '@banyan/kit/typebox';
import { integrationKey } from './aggregate-keys.ts';
import type { Integration } from './domain.ts';
import { Moment, microsIn, momentOf } from './moments.ts';
import { type IntegrationRow, integrationOf, putIntegration, removeIntegrations } from './store/integrations.ts';

const Text = Type.String();

const ReplyState = Type.Object({
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  client: Text,
  customer: Text,
  method: Text,
  path: Text,
  key: Text,
  body_hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  status: Type.Integer(),
  reply: Text,
  created_at: Moment,
});
type ReplyState = Static<typeof ReplyState>;

/** An integration as it travels, with what was replied to the keyed request that made it. */
export const IntegrationState = Type.Object({
  /** Null: there are only replies. */
  integration: Type.Union([
    Type.Object({
      name: Text,
      description: Text,
      enabled: Type.Boolean(),
      observes: Type.Array(Text),
      url: Text,
      secret_key: Type.Union([Text, Type.Null()]),
      created_at: Moment,
      updated_at: Moment,
    }),
    Type.Null(),
  ]),
  /** In the order of their hashes. */
  replies: Type.Array(ReplyState),
});
export type IntegrationState = Static<typeof IntegrationState>;

interface ReplyRow {
  integration_id: string;
  hash: string;
  client: string;
  customer: string;
  method: string;
  path: string;
  key: string;
  body_hash: string;
  status: number;
  reply: string;
  created_at_us: string;
}

const read = statement<IntegrationRow, [readonly string[]]>(
  'import_integrations_read',
  `select id, name, description, enabled, observes, url, secret_key, created_at_us, updated_at_us
   from integrations where id = any($1::uuid[])`,
);
const readReplies = statement<ReplyRow, [readonly string[]]>(
  'import_replies_read',
  `select integration_id, hash, client, customer, method, path, key, body_hash, status, reply, created_at_us
   from kept_replies
   where integration_id = any($1::uuid[]) and created_at_us > extract(epoch from now() - interval '1 day') * 1000000
   order by hash collate "C"`,
);
const putReplies = statement<object, [string]>(
  'import_replies_put',
  `insert into kept_replies (hash, client, customer, method, path, key, body_hash, status, reply, integration_id,
     created_at_us)
   select hash, client, customer, method, path, key, body_hash, status, reply, integration_id, created_at_us
   from jsonb_to_recordset($1::jsonb) as row(hash text, client text, customer text, method text, path text, key text,
     body_hash text, status integer, reply text, integration_id uuid, created_at_us bigint)
   order by hash
   on conflict (hash) do update set body_hash = excluded.body_hash, status = excluded.status, reply = excluded.reply,
     integration_id = excluded.integration_id, created_at_us = excluded.created_at_us`,
);

export async function applyIntegrations(
  tx: Queryable,
  changes: readonly { id: string; state: IntegrationState | null }[],
): Promise<void> {
  const gone = changes.filter(({ state }) => (state?.integration ?? null) === null).map(({ id }) => id);
  if (gone.length > 0) await removeIntegrations(tx, gone);
  for (const { id, state } of changes)
    if (state?.integration) await putIntegration(tx, integrationIn(id, state.integration));
  const replies = changes.flatMap(({ id, state }) =>
    (state?.replies ?? []).map(({ created_at, ...reply }) => ({
      ...reply,
      integration_id: id,
      created_at_us: microsIn(created_at),
    })),
  );
  if (replies.length > 0) await tx.run(putReplies, [JSON.stringify(replies)]);
}

/** The states by their keys. */
export async function readIntegrations(tx: Queryable, ids: readonly string[]): Promise<Map<string, IntegrationState>> {
  if (ids.length === 0) return new Map();
  const found = new Map((await tx.query(read, [ids])).map((row) => [row.id, integrationOf(row)]));
  const replies = Map.groupBy(await tx.query(readReplies, [ids]), (row) => row.integration_id);
  const states = ids.flatMap((id): [string, IntegrationState][] => {
    const integration = found.get(id);
    const kept = replies.get(id) ?? [];
    if (integration === undefined && kept.length === 0) return [];
    return [
      [
        integrationKey(id),
        { integration: integration === undefined ? null : stateOf(integration), replies: kept.map(replyStateOf) },
      ],
    ];
  });
  return new Map(states);
}

function integrationIn(id: string, state: NonNullable<IntegrationState['integration']>): Integration {
  const { secret_key, created_at, updated_at, ...rest } = state;
  return { id, ...rest, secretKey: secret_key, createdAt: microsIn(created_at), updatedAt: microsIn(updated_at) };
}

function stateOf(integration: Integration): NonNullable<IntegrationState['integration']> {
  const { id: _id, secretKey, createdAt, updatedAt, observes, ...rest } = integration;
  return {
    ...rest,
    observes: [...observes],
    secret_key: secretKey,
    created_at: momentOf(createdAt),
    updated_at: momentOf(updatedAt),
  };
}

function replyStateOf({ integration_id: _id, created_at_us, ...row }: ReplyRow): ReplyState {
  return { ...row, created_at: momentOf(Number(created_at_us)) };
}
