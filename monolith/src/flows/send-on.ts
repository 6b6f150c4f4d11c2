import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isUuid } from '../api/ids.ts';
import { replyWithError } from '../error-handlers.ts';
import { ShopError } from '../errors.ts';
import type { Shop } from '../shop.ts';
import { storeFault } from '../store-faults.ts';
import { findFlow } from './flow-store.ts';
import { ownerOf } from './owners.ts';

/** The longest time in which the owner of an entity replies, in ms. */
const replyTimeoutMs = 15_000;
const passedOn = [
  ...['authorization', 'content-type', 'idempotency-key', 'x-moltin-currency', 'x-moltin-customer-token'],
  ...['x-moltin-language', 'x-request-timeout-ms', 'traceparent', 'tracestate', 'baggage'],
];
const passedBack = ['content-type', 'retry-after', 'x-banyan-missing'];

interface ByFlow {
  Params: { id: string };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The unparsed body is kept. */
    keepsText?: true;
  }
}

/**
 * The options of a route that writes entries. The entries of a core flow are entities, which another program may own. A
 * path with the flow's slug leads to that program, so here 421 is the reply. A path with the flow's id leads here, since
 * only the owner of flows knows it: such a write is sent on, by the slug, to `EDGE_URL`, and its reply is the reply.
 */
export function sentOn(shop: Shop) {
  return {
    config: { keepsText: true } as const,
    errorHandler: async (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      try {
        const path = await pathElsewhere(shop, error, request as FastifyRequest<ByFlow>);
        if (path === undefined) return replyWithError(error, request, reply);
        return await sendTo(path, request, reply);
      } catch (failure) {
        return replyWithError(failure as FastifyError, request, reply);
      }
    },
  };
}

/** The URL of the same request by the flow's slug; undefined if it is not to be sent on. */
async function pathElsewhere(shop: Shop, error: unknown, { params, url }: FastifyRequest<ByFlow>) {
  const { edgeUrl } = shop.config;
  if (edgeUrl === undefined || storeFault(error)?.code !== 'misdirected') return undefined;
  const slug = await coreSlugOf(shop, params.id);
  return slug && edgeUrl + url.replace(/^\/v2\/flows\/[^/]+/i, `/v2/flows/${slug}`);
}

/** The slug of a core flow that is named by its id; undefined for other flows, and for a flow that is named by its slug. */
export async function coreSlugOf(shop: Shop, id: string): Promise<string | undefined> {
  const flow = isUuid(id) ? await findFlow(shop.db, id) : undefined;
  return flow && ownerOf(flow.slug) ? flow.slug : undefined;
}

async function sendTo(url: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const headers = passedOn.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const { method, bodyText = '' } = request;
  let response: Response;
  let body: Buffer;
  try {
    response = await fetch(url, {
      ...{ method, headers, redirect: 'manual', signal: AbortSignal.timeout(replyTimeoutMs) },
      ...(bodyText !== '' && { body: bodyText }),
    });
    body = Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    const detail = 'The owner of these entries does not respond; try again';
    throw new ShopError('store_unavailable', { detail }, { cause });
  }
  for (const name of passedBack) {
    const value = response.headers.get(name);
    if (value !== null) reply.header(name, value);
  }
  return body.length === 0 ? reply.code(response.status).send() : reply.code(response.status).send(body);
}
