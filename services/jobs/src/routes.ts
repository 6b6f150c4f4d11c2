import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Authenticate, FindSubject, Rule } from '@banyan/kit/access';
import { checker, isUuid, listReply, microsOf, objectOf, queryOf, readPage, shownMoment } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import type { Server } from '@banyan/kit/http';
import { keyedRequest } from '@banyan/kit/once';
import { guardApi, type PageLength, type RequireCurrency } from '@banyan/kit/peers';
import { traceContext } from '@banyan/kit/trace';
import { type JobView, NewJob, paths } from './contract.ts';
import { JobsError, notFound } from './errors.ts';
import { ordersWhere } from './filter.ts';
import { type Job, lifetimeUs } from './jobs-store.ts';
import { salesAsked } from './sales.ts';
import type { Store } from './store.ts';

export interface Handlers {
  store: Store;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  authenticate: Authenticate;
  /** Who a customer token belongs to. Jobs are the administrators', but a wrong token is refused on any path. */
  findCustomer: FindSubject;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
  /** Called when a job was made. */
  onMade(): void;
}

const forAdministrators: Rule = (_, { kind }) => kind === 'client_credentials';
const newJob = checker(NewJob);

interface ById {
  Params: { id: string };
}

/** HTTP to domain, and back. */
export function addRoutes(server: Server, handlers: Handlers): void {
  const { store, pageLength, requireCurrency, authenticate, publicUrl, now, onMade } = handlers;
  guardApi(server, {
    ...handlers,
    rule: forAdministrators,
    requireCurrency: ({ headers }) => requireCurrency(headers),
  });
  const show = (job: Job) => jobView(job, `${publicUrl}/v2/jobs/${job.id}`, now());
  const known = async (text: string): Promise<Job> => {
    const job = isUuid(text) ? await store.find(text.toLowerCase()) : undefined;
    if (job === undefined) throw notFound('The requested job could not be found');
    return job;
  };
  const withFile = async (id: string): Promise<Job> => {
    const job = await known(id);
    if (hasFile(job, now())) {
      if (await store.hasPieces(job)) return job;
      throw new JobsError('misdirected', { detail: 'The file has not come from its owner yet', retryAfterS: 1 });
    }
    throw notFound(job.status === 'complete' ? 'The file has expired' : `The job is ${job.status}: it has no file`);
  };

  server.get(paths.jobs, { schema: { summary: 'List jobs' } }, async (request) => {
    const page = await readPage(queryOf(request), () => pageLength(request.headers));
    const { jobs, total } = await store.list(page);
    return listReply({ request, publicUrl }, page, total, jobs.map(show));
  });

  server.post(paths.jobs, { schema: { summary: 'Make a job' } }, async (request, reply) => {
    const { job_type: jobType, filter: given } = newJob(objectOf(request.body));
    const filter = given?.trim() ?? '';
    // Refused now and not later, when there is no client to tell.
    ordersWhere(filter);
    const at = microsOf(now());
    const job: Job = {
      ...{ id: randomUUID(), jobType, filter, status: 'pending', error: null, attempts: 0, leasedUntil: null },
      pieces: null,
      ...{ createdAt: at, updatedAt: at },
    };
    const { status, body } = await store.make(job, keyedRequest(request, now()), (made) => ({ data: show(made) }));
    onMade();
    return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(body);
  });

  server.get<ById>(paths.job, { schema: { summary: 'Read a job' } }, async ({ params }) => ({
    data: show(await known(params.id)),
  }));

  server.get<ById>(paths.file, { schema: { summary: 'Where the file of a job is' } }, async ({ params }) => {
    const { id } = await withFile(params.id);
    return { data: { href: `${publicUrl}/v2/jobs/${id}/file/content` } };
  });

  server.get<ById>(paths.content, { schema: { summary: 'The file of a job' } }, async ({ params }, reply) => {
    const { id } = await withFile(params.id);
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="orders-${id}.csv"`)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
      .send(Readable.from(store.pieces(id), { objectMode: false }));
  });

  server.get(paths.sales, { schema: { summary: 'Sales by day, month, currency or product' } }, async (request) => {
    const { kind } = await authenticate(request.headers.authorization, traceContext(request.headers));
    if (kind !== 'client_credentials') {
      throw new JobsError('forbidden', { detail: 'The access token does not permit this' });
    }
    return { data: await store.sales(salesAsked(queryOf(request))) };
  });
}

/** Whether a job has a file: it is complete and not older than a week. */
function hasFile({ status, createdAt }: Job, nowMs: number): boolean {
  return status === 'complete' && createdAt > microsOf(nowMs) - lifetimeUs;
}

function jobView(job: Job, self: string, nowMs: number): JobView {
  return {
    id: job.id,
    type: 'job',
    job_type: job.jobType,
    ...(job.filter !== '' && { filter: job.filter }),
    status: job.status,
    ...(job.error !== null && { error: job.error }),
    link: { href: hasFile(job, nowMs) ? `${self}/file` : '' },
    links: { self },
    timestamps: { created_at: shownMoment(job.createdAt), updated_at: shownMoment(job.updatedAt) },
  };
}
