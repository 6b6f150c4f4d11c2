import { insertReplies, isKept, keptRepliesTable, replyStates } from './kept-replies.ts';
import type { Queryable } from './queryable.ts';
import { type Resource, type StateChange, timeText, type WayBack } from './resource.ts';
import { apiMoment, type ShopEvent } from './shop-events.ts';

const integrationKey = 'integration:';
const deliveryKey = 'delivery:';

/** The id of the integration that a keyed request made; null for a refusal and for requests to other resources. */
const madeBy = (row: string) =>
  `case when ${row}.path = '/v2/integrations' then ${row}.reply::jsonb #>> '{data,id}' end`;

const logsOf = `(select coalesce(jsonb_agg(jsonb_build_object(
    'id', l.id, 'attempt', l.attempt, 'succeeded', l.succeeded, 'processing_time', l.processing_time, 'body', l.body,
    'status_code', l.status_code, 'error_detail', l.error_detail, 'created_at', ${timeText('l.created_at')})
    order by l.created_at, l.id), '[]')
  from integration_logs l where l.job_id = j.id)`;

/** The ids of one kind in a list of keys. */
const idsOf = (prefix: string) =>
  `array(select substr(key, ${prefix.length + 1})::uuid from unnest($1::text[]) as key where starts_with(key, '${prefix}'))`;

/** The ids of one kind after the key \`$1\`, as a condition. */
const after = (prefix: string, id: string) =>
  `($1::text is null or $1 < '${prefix}' collate "C"
    or ${id} > case when starts_with($1, '${prefix}') then substr($1, ${prefix.length + 1})::uuid end)`;

const integrationStates = `
  with wanted as (select unnest(${idsOf(integrationKey)}) as id), replied as (
    select (${madeBy('r')})::uuid as id,
      ${replyStates} as replies
    from idempotency_keys r
    where r.path = '/v2/integrations' and ${isKept('r')} and ${madeBy('r')} is not null group by 1
  )
  select '${integrationKey}' || wanted.id as key, jsonb_build_object(
    'integration', case when i.id is not null then jsonb_build_object(
      'name', i.name, 'description', i.description, 'enabled', i.enabled, 'observes', to_jsonb(i.observes), 'url', i.url,
      'secret_key', i.secret_key, 'created_at', ${timeText('i.created_at')},
      'updated_at', ${timeText('i.updated_at')}) end,
    'replies', coalesce(replied.replies, '[]')) as state
  from wanted left join integrations i on i.id = wanted.id left join replied on replied.id = wanted.id
  where i.id is not null or replied.id is not null`;

// What an event carries travels while there is something to send.
const deliveryStates = `
  select '${deliveryKey}' || j.id, jsonb_build_object(
    'integration_id', j.integration_id, 'event_id', j.event_id, 'entity_id', e.entity_id, 'key', e.key,
    'resources', case when j.status = 'pending' then coalesce(j.resources, e.resources)::text end,
    'status', j.status, 'attempts', j.attempts, 'next_attempt_at', ${timeText('j.next_attempt_at')},
    'leased_until', ${timeText('j.leased_until')}, 'created_at', ${timeText('j.created_at')},
    'updated_at', ${timeText('j.updated_at')}, 'logs', ${logsOf})
  from integration_jobs j join shop_events e on e.id = j.event_id where j.id = any(${idsOf(deliveryKey)})`;

/**
 * Integrations, each with what was replied to the keyed request that made it, and deliveries, each with its logs. They
 * are one resource with two kinds of aggregate, because one side plans and attempts deliveries, by its own integrations.
 */
export const integrations: Resource & WayBack = {
  name: 'integrations',
  group: 'integrations',
  service: 'integrations',
  route: 'integrations',
  summary: 'Webhooks, their deliveries and logs',
  entities: ['integration'],
  hearsFacts: true,
  tables: [
    keptRepliesTable((row) => `'${integrationKey}' || (${madeBy(row)})`),
    // Only fenced: whichever program plans deliveries updates it first.
    { name: 'webhook_turn', key: () => 'null', columns: ['one'] },
    {
      name: 'integrations',
      key: (row) => `'${integrationKey}' || ${row}.id`,
      columns: [
        ...['id', 'name', 'description', 'integration_type', 'enabled', 'observes', 'url', 'secret_key'],
        ...['created_at', 'updated_at'],
      ],
    },
    {
      name: 'integration_jobs',
      key: (row) => `'${deliveryKey}' || ${row}.id`,
      columns: [
        ...['id', 'integration_id', 'event_id', 'status', 'attempts', 'next_attempt_at', 'leased_until', 'created_at'],
        ...['updated_at', 'resources'],
      ],
    },
    {
      name: 'integration_logs',
      key: (row) => `'${deliveryKey}' || ${row}.job_id`,
      columns: [
        ...['id', 'job_id', 'integration_id', 'attempt', 'succeeded', 'processing_time', 'body', 'status_code'],
        ...['error_detail', 'created_at'],
      ],
    },
  ],
  states: `${integrationStates} union all ${deliveryStates}`,
  keys: `
    select key from (
      (select '${deliveryKey}' || j.id as key from integration_jobs j where ${after(deliveryKey, 'j.id')}
       order by j.id limit $2)
      union all
      (select '${integrationKey}' || ids.id from (
         select i.id from integrations i
         union select (${madeBy('r')})::uuid from idempotency_keys r
         where r.path = '/v2/integrations' and ${isKept('r')} and ${madeBy('r')} is not null
       ) as ids where ${after(integrationKey, 'ids.id')} order by ids.id limit $2)
    ) as found order by key collate "C" limit $2`,
  count: `select (select count(*) from integrations)::int + (select count(*) from integration_jobs)::int as count`,
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    await applyIntegrations(db, withIds(changes, integrationKey));
    await applyDeliveries(db, withIds(changes, deliveryKey));
  },
  factsOf: async (_db, changes, publicUrl) =>
    changes.flatMap(({ key, version, state, before }): ShopEvent[] => {
      if (!key.startsWith(integrationKey)) return [];
      const id = key.slice(integrationKey.length);
      const [now, was] = [state?.integration, before?.integration] as (Record<string, unknown> | null | undefined)[];
      if (!now)
        return was
          ? [{ key: 'integration.deleted', entityId: id, version, resources: { type: 'integration', id } }]
          : [];
      const { name, description, enabled, observes, url, created_at, updated_at } = now;
      const timestamps = { created_at: apiMoment(created_at), updated_at: apiMoment(updated_at) };
      const data = {
        ...{ id, type: 'integration', name, description, integration_type: 'webhook', enabled, observes },
        // Not the secret key: other integrations receive this.
        configuration: { url },
        links: { self: `${publicUrl}/v2/integrations/${id}` },
        meta: { timestamps },
      };
      return [{ key: was ? 'integration.updated' : 'integration.created', entityId: id, version, resources: { data } }];
    }),
  // What belongs to an integration is in this resource, and comes back by itself.
  afterDelete: async () => {},
};

interface WithId {
  id: string;
  state: StateChange['state'];
}

function withIds(changes: readonly StateChange[], prefix: string): WithId[] {
  return changes.flatMap(({ key, state }) => (key.startsWith(prefix) ? [{ id: key.slice(prefix.length), state }] : []));
}

async function applyIntegrations(db: Queryable, changes: readonly WithId[]): Promise<void> {
  const present = changes.flatMap(({ id, state }) => (state?.integration ? [{ id, ...state.integration }] : []));
  const kept = new Set(present.map(({ id }) => id));
  await db.query('delete from integrations where id = any($1::text[]::uuid[])', [
    changes.map(({ id }) => id).filter((id) => !kept.has(id)),
  ]);
  await db.query(
    `insert into integrations (id, name, description, integration_type, enabled, observes, url, secret_key, created_at,
       updated_at)
     select id, name, description, 'webhook', enabled, observes, url, secret_key, created_at, updated_at
     from jsonb_to_recordset($1::jsonb) as row(id uuid, name text, description text, enabled boolean, observes text[],
       url text, secret_key text, created_at timestamptz, updated_at timestamptz)
     on conflict (id) do update set name = excluded.name, description = excluded.description,
       enabled = excluded.enabled, observes = excluded.observes, url = excluded.url, secret_key = excluded.secret_key,
       created_at = excluded.created_at, updated_at = excluded.updated_at`,
    [JSON.stringify(present)],
  );
  const replies = changes.flatMap(({ state }) => (state?.replies ?? []) as object[]);
  await insertReplies(db, replies);
}

async function applyDeliveries(db: Queryable, changes: readonly WithId[]): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ id }) => id);
  await db.query('delete from integration_logs where job_id = any($1::text[]::uuid[])', [ids]);
  await db.query('delete from integration_jobs where id = any($1::text[]::uuid[])', [ids]);
  const present = changes.flatMap(({ id, state }) => (state === null ? [] : [{ id, ...state }]));
  if (present.length === 0) return;
  const rows = JSON.stringify(present);
  // The service heard of the event by itself, and has planned all of its deliveries.
  await db.query(
    `insert into shop_events (id, key, entity_id, resources, created_at, dispatched_at)
     select distinct on (event_id) event_id, key, entity_id, coalesce(resources, 'null')::json, created_at, created_at
     from jsonb_to_recordset($1::jsonb) as row(event_id uuid, key text, entity_id text, resources text,
       created_at timestamptz)
     order by event_id, resources is null
     on conflict (id) do update set dispatched_at = coalesce(shop_events.dispatched_at, excluded.dispatched_at)`,
    [rows],
  );
  await db.query(
    `insert into integration_jobs (id, integration_id, event_id, status, attempts, next_attempt_at, leased_until,
       created_at, updated_at, resources)
     select row.id, row.integration_id, row.event_id, row.status, row.attempts, row.next_attempt_at, row.leased_until,
       row.created_at, row.updated_at, case when row.resources <> e.resources::text then row.resources::json end
     from jsonb_to_recordset($1::jsonb) as row(id uuid, integration_id uuid, event_id uuid, status text,
       attempts integer, next_attempt_at timestamptz, leased_until timestamptz, created_at timestamptz,
       updated_at timestamptz, resources text)
     join shop_events e on e.id = row.event_id`,
    [rows],
  );
  await db.query(
    `insert into integration_logs (id, job_id, integration_id, attempt, succeeded, processing_time, body, status_code,
       error_detail, created_at)
     select log.id, row.id, row.integration_id, log.attempt, log.succeeded, log.processing_time, log.body,
       log.status_code, log.error_detail, log.created_at
     from jsonb_to_recordset($1::jsonb) as row(id uuid, integration_id uuid, logs jsonb),
       jsonb_to_recordset(row.logs) as log(id uuid, attempt integer, succeeded boolean,
         processing_time double precision, body text, status_code integer, error_detail text, created_at timestamptz)`,
    [rows],
  );
}
