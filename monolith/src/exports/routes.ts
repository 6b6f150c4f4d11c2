import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { objectOf } from '../api/body.ts';
import { notFound } from '../api/faults.ts';
import { Bindings } from '../api/sql.ts';
import { checker } from '../api/validate.ts';
import { audit } from '../audit.ts';
import { replyOnce } from '../idempotency/reply-once.ts';
import { parseFilter } from '../lists/filter.ts';
import { filterConditions } from '../lists/filter-fields.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import { orderFilters } from '../orders/filters.ts';
import type { Shop } from '../shop.ts';
import { countJobs, filePieces, findJob, hasFile, insertJob, type JobRow, listJobs } from './store.ts';

// `type` is not required: clients send the body of a job as their user wrote it.
const newJob = checker(
  Type.Object({
    type: Type.Optional(Type.Literal('job')),
    job_type: Type.Enum(['order_export']),
    filter: Type.Optional(Type.String({ maxLength: 8_192 })),
  }),
);

interface ById {
  Params: { id: string };
}

/** `/v2/jobs`: exports of orders, which run after the reply. */
export function jobRoutes(app: FastifyInstance, shop: Shop): void {
  const view = (job: JobRow) => jobView(job, `${shop.config.publicUrl}/v2/jobs/${job.id}`, shop.now());

  app.get('/v2/jobs', async (request) => {
    const { page } = await readListQuery(shop, request);
    const jobs = await listJobs(shop.db, page);
    return listReply(shop, request, page, await countJobs(shop.db), jobs.map(view));
  });

  app.post('/v2/jobs', (request, reply) => {
    const filter = newJob(objectOf(request.body)).filter?.trim() ?? '';
    // Refused now and not later, when there is no client to tell.
    if (filter !== '') filterConditions(parseFilter(filter), orderFilters, new Bindings());
    return replyOnce(shop, request, reply, 201, async (db) => {
      const job = await insertJob(db, filter, shop.now());
      await audit(shop, db, request.access, { action: 'created', entity: 'job', entityId: job.id });
      return { data: view(job) };
    });
  });

  app.get<ById>('/v2/jobs/:id', async ({ params }) => ({ data: view(await requireJob(shop, params.id)) }));

  app.get<ById>('/v2/jobs/:id/file', async ({ params }) => {
    const { id } = await requireFile(shop, params.id);
    return { data: { href: `${shop.config.publicUrl}/v2/jobs/${id}/file/content` } };
  });

  app.get<ById>('/v2/jobs/:id/file/content', async ({ params }, reply) => {
    const { id } = await requireFile(shop, params.id);
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="orders-${id}.csv"`)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
      .send(Readable.from(filePieces(shop.db, id), { objectMode: false }));
  });
}

async function requireJob(shop: Shop, id: string): Promise<JobRow> {
  const job = await findJob(shop.db, id);
  if (job === undefined) throw notFound('The requested job could not be found');
  return job;
}

async function requireFile(shop: Shop, id: string): Promise<JobRow> {
  const job = await requireJob(shop, id);
  if (!hasFile(job, shop.now())) {
    throw notFound(job.status === 'complete' ? 'The file has expired' : `The job is ${job.status}: it has no file`);
  }
  return job;
}

function jobView(job: JobRow, self: string, now: Date) {
  return {
    id: job.id,
    type: 'job',
    job_type: job.job_type,
    ...(job.filter !== '' && { filter: job.filter }),
    status: job.status,
    ...(job.error !== null && { error: job.error }),
    link: { href: hasFile(job, now) ? `${self}/file` : '' },
    links: { self },
    timestamps: { created_at: job.created_at.toISOString(), updated_at: job.updated_at.toISOString() },
  };
}
