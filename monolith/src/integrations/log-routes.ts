import type { FastifyInstance, FastifyRequest } from 'fastify';
import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { allOf, Bindings } from '../api/sql.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import type { Shop } from '../shop.ts';
import { countJobs, countLogs, type JobRow, type LogRow, selectJobs, selectLogs } from './log-store.ts';
import { findIntegration } from './store.ts';

interface ById {
  Params: { id: string };
}
interface ByJob {
  Params: { id: string; jobId: string };
}

/** Deliveries (jobs) and their attempts (logs), newest first. */
export function integrationLogRoutes(app: FastifyInstance, shop: Shop): void {
  app.get('/v2/integrations/logs', (request) => listLogs(shop, request, {}));

  app.get<ById>('/v2/integrations/:id/logs', async (request) => {
    await requireIntegration(shop, request.params.id);
    return listLogs(shop, request, { 'l.integration_id': request.params.id });
  });

  app.get<ById>('/v2/integrations/:id/jobs', async (request) => {
    await requireIntegration(shop, request.params.id);
    return listJobs(shop, request);
  });

  app.get<ByJob>('/v2/integrations/:id/jobs/:jobId/logs', async (request) => {
    const { id, jobId } = request.params;
    await requireIntegration(shop, id);
    const bindings = new Bindings();
    const where = allOf([
      `j.id = ${bindings.add(isUuid(jobId) ? jobId : null)}`,
      `j.integration_id = ${bindings.add(id)}`,
    ]);
    if ((await countJobs(shop.db, where, bindings)) === 0) {
      throw notFound('The requested integration job could not be found');
    }
    return listLogs(shop, request, { 'l.integration_id': id, 'l.job_id': jobId });
  });
}

async function listLogs(shop: Shop, request: FastifyRequest, equal: Record<string, string>) {
  const { page } = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = allOf(Object.entries(equal).map(([column, value]) => `${column} = ${bindings.add(value)}`));
  const total = await countLogs(shop.db, where, bindings);
  const tail = `order by l.created_at desc, l.id desc limit ${bindings.add(page.limit)} offset ${bindings.add(page.offset)}`;
  const rows = await selectLogs(shop.db, { where, tail, bindings });
  return listReply(shop, request, page, total, rows.map(logView));
}

async function listJobs(shop: Shop, request: FastifyRequest<ById>) {
  const { page } = await readListQuery(shop, request);
  const bindings = new Bindings();
  const where = `j.integration_id = ${bindings.add(request.params.id)}`;
  const total = await countJobs(shop.db, where, bindings);
  const tail = `order by j.created_at desc, j.id desc limit ${bindings.add(page.limit)} offset ${bindings.add(page.offset)}`;
  const rows = await selectJobs(shop.db, { where, tail, bindings });
  return listReply(shop, request, page, total, rows.map(jobView));
}

async function requireIntegration(shop: Shop, id: string): Promise<void> {
  const found = await findIntegration(shop.db, id);
  if (found === undefined) throw notFound('The requested integration could not be found');
}

function logView(row: LogRow) {
  return {
    id: row.id,
    type: 'integration-log',
    succeeded: row.succeeded,
    attempt: row.attempt,
    processing_time: row.processing_time,
    body: row.body,
    status_code: row.status_code,
    error_detail: row.error_detail,
    relationships: {
      integration: { data: { type: 'integration', id: row.integration_id } },
      job: { data: { type: 'integration-job', id: row.job_id } },
    },
    meta: { timestamps: { created_at: row.created_at.toISOString() } },
  };
}

function jobView(row: JobRow) {
  return {
    id: row.id,
    type: 'integration-job',
    triggered_by: row.key,
    status: row.status,
    attempts: row.attempts,
    relationships: { integration: { data: { type: 'integration', id: row.integration_id } } },
    meta: { timestamps: { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() } },
  };
}
