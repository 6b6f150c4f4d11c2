import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Reply } from '../client.ts';
import type { RawCall } from './raw-call.ts';

/** An administrator has webhooks sent, reads how they went, and exports orders. */
export async function automate(client: Client, raw: RawCall): Promise<void> {
  await webhooks(client, raw);
  await exportOrders(client, raw);
}

async function webhooks(client: Client, raw: RawCall): Promise<void> {
  const created = await client.Integrations.Create!({
    name: 'Brand mails',
    description: 'Tells of new brands',
    integration_type: 'webhook',
    enabled: false,
    observes: ['brand.created'],
    // A name that leads to this machine: the platform tries, and must not reach it.
    configuration: { url: 'http://localhost:9/hook', secret_key: 'a secret' },
  });
  const { id } = created.data;
  assert.equal(created.data.type, 'integration');
  const updated = await client.Integrations.Update!(id, { enabled: true });
  assert.equal(updated.data.enabled, true);
  assert.deepEqual((await client.Integrations.Get!(id)).data, updated.data);
  const all = await client.Integrations.All!();
  assert.ok(all.data.some((each: Reply) => each.id === id));

  await client.Brands.Create!({ name: 'New', slug: `new-${randomUUID()}` });
  const read = async (method: string, path: string, ...ids: string[]): Promise<Reply> =>
    // 3.24.1 has no methods for logs.
    client.Integrations[method]?.(...ids) ?? (await raw('GET', `/v2/integrations/${path}`)).body;
  const logs = await until(
    () => read('GetLogs', `${id}/logs`, id),
    ({ data }) => data.length > 0,
  );
  const [log] = logs.data;
  assert.deepEqual([log.type, log.succeeded, log.attempt, log.status_code], ['integration-log', false, 1, null]);
  assert.match(log.error_detail, /must not be reached/);
  assert.ok((await read('GetAllLogs', 'logs')).data.some((each: Reply) => each.id === log.id));
  const jobs = await read('GetJobs', `${id}/jobs`, id);
  // A brand that was created shortly before may have a job too, where its event arrived after the integration.
  const { id: jobId } = log.relationships.job.data;
  assert.ok(
    jobs.data.some((job: Reply) => job.type === 'integration-job' && job.id === jobId),
    JSON.stringify(jobs),
  );
  const ofJob = await read('GetAllLogsForJob', `${id}/jobs/${jobId}/logs`, id, jobId);
  assert.deepEqual(ofJob.data, [log]);

  assert.deepEqual(await client.Integrations.Delete!(id), { data: { type: 'integration', id } });
}

async function exportOrders(client: Client, raw: RawCall): Promise<void> {
  const created = await client.Jobs.Create!({ type: 'job', job_type: 'order_export', filter: 'eq(payment,paid)' });
  const { id } = created.data;
  assert.deepEqual([created.data.status, created.data.link], ['pending', { href: '' }]);
  const done = await until(
    () => client.Jobs.Get!(id),
    ({ data }) => !['pending', 'processing'].includes(data.status),
  );
  assert.equal(done.data.status, 'complete', done.data.error);
  assert.ok(done.data.link.href.endsWith(`/v2/jobs/${id}/file`));
  const file = await raw('GET', `/v2/jobs/${id}/file`);
  assert.equal(file.status, 200, JSON.stringify(file.body));
  assert.ok(file.body.data.href.endsWith(`/v2/jobs/${id}/file/content`));
  const all = await client.Jobs.All!();
  assert.ok(all.meta.results.total >= 1);
}

/** Reads until `holds`. @throws AssertionError after a minute */
async function until(read: () => Promise<Reply>, holds: (reply: Reply) => boolean): Promise<Reply> {
  const end = Date.now() + 60_000;
  for (;;) {
    const reply = await read();
    if (holds(reply)) return reply;
    assert.ok(Date.now() < end, `after a minute still ${JSON.stringify(reply).slice(0, 500)}`);
    await delay(100);
  }
}
