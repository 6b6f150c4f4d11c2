import { deadlineOf, type MeshClient, timeoutHeader } from '@banyan/kit/client';
import { ServiceError } from '@banyan/kit/errors';
import { retryableHeader, traceContext } from '@banyan/kit/trace';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { entities } from './entities.ts';

/** The longest time in which the owner of an entity replies, in ms. */
const replyTimeoutMs = 15_000;
const passedOn = [
  ...['authorization', 'content-type', 'idempotency-key', 'x-moltin-currency', 'x-moltin-customer-token'],
  'x-moltin-language',
];
const passedBack = ['retry-after', 'x-banyan-missing', retryableHeader];
const methods = ['POST', 'PUT', 'DELETE'] as const;

/**
 * Sends a request for entries of a core flow to the owner of these entities, by its name, with the flow's slug in the
 * path. Its reply is the reply. Only the owner of flows knows which flow an id names.
 *
 * @param slug of a core flow
 * @throws ServiceError `peer_unavailable`, `peer_timeout`: the owner does not reply
 */
export async function sendOn(
  mesh: Pick<MeshClient, 'send'>,
  slug: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const service = entities.get(slug)?.owner ?? slug;
  const headers = passedOn.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const { bodyText = '', url } = request;
  const [asked = ''] = url.split('?', 1);
  const atOwner = url.replace(/^\/v2\/flows\/[^/?]+/i, `/v2/flows/${slug}`);
  const deadlineAtMs = deadlineOf(request.headers[timeoutHeader], performance.now());
  const sent = await mesh.send({
    service,
    method: methods.find((one) => one === request.method) ?? 'GET',
    path: atOwner,
    headers: Object.fromEntries(headers),
    trace: traceContext(request.headers),
    timeoutMs: replyTimeoutMs,
    ...(bodyText !== '' && { body: bodyText }),
    ...(deadlineAtMs !== undefined && { deadlineAtMs }),
  });
  // To the mesh, 421 would say that another owner of flows may know better.
  if (sent.status === 421) {
    throw new ServiceError('peer_unavailable', {
      detail: `The ${service} service is not in charge yet`,
      retryAfterS: 1,
    });
  }
  // A reply without a body has no type of it.
  for (const name of sent.text === '' ? passedBack : ['content-type', ...passedBack]) {
    const value = sent.headers?.[name];
    if (typeof value === 'string') reply.header(name, value);
  }
  if (sent.text === '') return reply.code(sent.status).send();
  const [owned = ''] = atOwner.split('?', 1);
  const isList = sent.status === 200 && /\/entries\/*$/.test(asked) && asked !== owned;
  return reply.code(sent.status).send(isList ? withPageLinks(sent.text, owned, asked) : sent.text);
}

/** The body of a list whose links to pages have the path that was asked for, and not that of the owner. */
function withPageLinks(text: string, owned: string, asked: string): string {
  const body = JSON.parse(text) as { links?: Record<string, string | null> };
  const links = Object.entries(body.links ?? {}).map(([name, link]) => [
    name,
    link?.replace(owned, () => asked) ?? null,
  ]);
  return JSON.stringify({ ...body, links: Object.fromEntries(links) });
}
