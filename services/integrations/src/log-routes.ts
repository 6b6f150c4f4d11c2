import { isUuid, listReply, parseFilter, queryOf, readPage, shownMoment, timestamps } from '@banyan/kit/api';
import type { Server } from '@banyan/kit/http';
import type { PageLength } from '@banyan/kit/peers';
import type { Postgres } from '@banyan/kit/postgres';
import type { FastifyRequest } from 'fastify';
import { paths } from './contract.ts';
import { integrationMissing, jobMissing } from './errors.ts';
import { findIntegration } from './store/integrations.ts';
import { hasJob, type JobRow, type LogRow, type LogsOf, listJobs, listLogs } from './store/log-lists.ts';

interface ById {
  Params: { id: string };
}
interface ByJob {
  Params: { id: string; jobId: string };
}

export interface LogHandlers {
  db: Postgres;
  pageLength: PageLength;
  publicUrl: string;
}

/** Deliveries (jobs) and their attempts (logs), newest first. */
export function addLogRoutes(server: Server, { db, pageLength, publicUrl }: LogHandlers): void {
  server.get(paths.allLogs, { schema: { summary: 'List the attempts of all integrations' } }, (request) =>
    logsReply(request, { integrationId: null, deliveryId: null }),
  );

  server.get<ById>(paths.logs, { schema: { summary: 'List the attempts of an integration' } }, async (request) =>
    logsReply(request, { integrationId: await existing(request.params.id), deliveryId: null }),
  );

  server.get<ById>(paths.jobs, { schema: { summary: 'List the deliveries of an integration' } }, async (request) => {
    const id = await existing(request.params.id);
    const page = await pageOf(request);
    const { rows, total } = await listJobs(db, id, page);
    return listReply({ request, publicUrl }, page, total, rows.map(jobView));
  });

  server.get<ByJob>(paths.jobLogs, { schema: { summary: 'List the attempts of a delivery' } }, async (request) => {
    const { id, jobId } = request.params;
    const integrationId = await existing(id);
    if (!isUuid(jobId) || !(await hasJob(db, jobId, integrationId))) throw jobMissing();
    return logsReply(request, { integrationId, deliveryId: jobId });
  });

  async function logsReply(request: FastifyRequest, of: LogsOf) {
    const page = await pageOf(request);
    const { rows, total } = await listLogs(db, of, page);
    return listReply({ request, publicUrl }, page, total, rows.map(logView));
  }

  async function pageOf(request: FastifyRequest) {
    const query = queryOf(request);
    const page = await readPage(query, () => pageLength(request.headers));
    // These lists cannot be filtered, but a filter must be one.
    const filter = query.filter?.trim() ?? '';
    if (filter !== '') parseFilter(filter);
    return page;
  }

  async function existing(id: string): Promise<string> {
    const found = isUuid(id) ? await findIntegration(db, id) : undefined;
    if (found === undefined) throw integrationMissing();
    return found.id;
  }
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
      job: { data: { type: 'integration-job', id: row.delivery_id } },
    },
    meta: { timestamps: { created_at: shownMoment(Number(row.created_at_us)) } },
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
    meta: timestamps(Number(row.created_at_us), Number(row.updated_at_us)),
  };
}
