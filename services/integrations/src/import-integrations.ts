import { microsOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { Moment, microsIn, momentOf } from '@banyan/kit/import';
import { postgresReplies, ReplyState, replyIn, replyStateOf } from '@banyan/kit/once';
import { type Queryable, statement } from '@banyan/kit/postgres';
import Type, { type Static } from '@banyan/kit/typebox';
import { integrationKey } from './aggregate-keys.ts';
import type { Integration } from './domain.ts';
import { type IntegrationRow, integrationOf, putIntegration, removeIntegrations } from './store/integrations.ts';

const Text = Type.String();

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

const read = statement<IntegrationRow, [readonly string[]]>(
  'import_integrations_read',
  `select id, name, description, enabled, observes, url, secret_key, created_at_us, updated_at_us
   from integrations where id = any($1::uuid[])`,
);

export async function applyIntegrations(
  tx: Queryable,
  changes: readonly { id: string; state: IntegrationState | null }[],
): Promise<void> {
  const gone = changes.filter(({ state }) => (state?.integration ?? null) === null).map(({ id }) => id);
  if (gone.length > 0) await removeIntegrations(tx, gone);
  for (const { id, state } of changes)
    if (state?.integration) await putIntegration(tx, integrationIn(id, state.integration));
  const replies = changes.flatMap(({ id, state }) => (state?.replies ?? []).map((reply) => ({ id, reply })));
  // In one order, so that two at once do not wait for each other.
  replies.sort((a, b) => (a.reply.hash < b.reply.hash ? -1 : 1));
  for (const { id, reply } of replies) await postgresReplies.of(tx).keep(replyIn(reply), id);
}

/** The states by their keys. */
export async function readIntegrations(
  tx: Queryable,
  ids: readonly string[],
  now: Clock,
): Promise<Map<string, IntegrationState>> {
  if (ids.length === 0) return new Map();
  const found = new Map((await tx.query(read, [ids])).map((row) => [row.id, integrationOf(row)]));
  const replies = await postgresReplies.of(tx).ofOwners(ids, microsOf(now()));
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
