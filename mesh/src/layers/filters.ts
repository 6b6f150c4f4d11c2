import type { HeaderModifier, HttpRouteFilter, RequestRedirect, UrlRewrite } from '../config/model.ts';
import type { Exchange } from '../exchange.ts';
import { applyCors, type Cors, corsOf } from '../filters/cors.ts';
import { modifyHeaders } from '../filters/header-modifier.ts';
import { modifyPath } from '../filters/path-modifier.ts';
import { locationOf } from '../filters/redirect.ts';
import type { Handler, Layer } from '../layer.ts';
import { schemeIn } from '../policy/client.ts';
import { localReply, type Reply } from '../reply.ts';
import type { RouteMatch } from '../routing/rule.ts';

/** The filters of one list, each in its place. */
interface Filters {
  cors: Cors | null;
  redirect: RequestRedirect | null;
  request: HeaderModifier | null;
  rewrite: UrlRewrite | null;
  response: HeaderModifier | null;
}

/** By the list in the documents. A list lives as long as its configuration. */
const compiled = new WeakMap<readonly HttpRouteFilter[], Filters>();

function filtersOf(list: readonly HttpRouteFilter[]): Filters {
  const known = compiled.get(list);
  if (known !== undefined) return known;
  const made: Filters = { cors: null, redirect: null, request: null, rewrite: null, response: null };
  for (const filter of list) {
    if (filter.type === 'CORS') made.cors = corsOf(filter.cors);
    else if (filter.type === 'RequestRedirect') made.redirect = filter.redirect;
    else if (filter.type === 'RequestHeaderModifier') made.request = filter.modifier;
    else if (filter.type === 'URLRewrite') made.rewrite = filter.rewrite;
    else if (filter.type === 'ResponseHeaderModifier') made.response = filter.modifier;
  }
  compiled.set(list, made);
  return made;
}

/** Applies the filters of the rule to every request of the rule. */
export function filters(): Layer {
  return {
    name: 'filters',
    scope: 'route',
    sentence:
      "Applies the rule's filters except CORS: replies with redirects, rewrites host and path, changes header fields both ways.",
    inside: [
      { name: 'route', reason: 'the filters are the rule’s, and routing goes by the request as received' },
      { name: 'cors', reason: 'a browser follows no redirect for a preflight, and CORS sees the reply last' },
      { name: 'forwarding', reason: 'filters see header fields last' },
      { name: 'settle', reason: 'a policy names requests by the path that the client sent' },
      { name: 'override guard', reason: 'an override that a filter sets is the document’s own' },
    ],
    wrap: (next) => (exchange) => {
      const list = exchange.route?.rule.spec.filters;
      if (list === undefined || list.length === 0) return next(exchange);
      return filtered(next, exchange, filtersOf(list));
    },
  };
}

/** Applies the filters of a backendRef to the requests that go to it. */
export function backendFilters(): Layer {
  return {
    name: 'backend filters',
    scope: 'route',
    sentence: 'Applies the filters of the chosen backendRef, inside those of its rule.',
    inside: [
      { name: 'filters', reason: 'the filters of the rule come first, and see the reply last' },
      { name: 'split', reason: 'the filters are those of the chosen backend' },
      { name: 'override', reason: 'the filters of a replaced backend do not apply' },
      { name: 'mirror', reason: 'a copy goes out as the rule says, without the changes for a backend' },
    ],
    wrap: (next) => (exchange) => {
      const list = exchange.backend?.spec.filters;
      if (list === undefined || list.length === 0) return next(exchange);
      const chosen = filtersOf(list);
      return chosen.cors === null ? filtered(next, exchange, chosen) : withCors(next, exchange, chosen, chosen.cors);
    },
  };
}

function withCors(next: Handler, exchange: Exchange, chosen: Filters, cors: Cors): Promise<Reply> {
  // First of all: a browser follows no redirect for a preflight.
  const preflight = cors.preflight(exchange.method, exchange.headers);
  if (preflight !== null) return Promise.resolve(localReply(204, preflight, ''));
  // By the fields as received: filters may change Origin.
  const fields = cors.replyFields(exchange.headers);
  exchange.failureHeaders = [...(exchange.failureHeaders ?? []), ...fields];
  return filtered(next, exchange, chosen).then((reply) => {
    applyCors(reply.headers, fields);
    return reply;
  });
}

function filtered(next: Handler, exchange: Exchange, chosen: Filters): Promise<Reply> {
  const { redirect, request, rewrite, response } = chosen;
  const finish = (reply: Reply): Reply => {
    if (response !== null) modifyHeaders(reply.headers, response);
    return reply;
  };
  const { route } = exchange;
  if (redirect !== null && route !== null) return Promise.resolve(finish(redirected(exchange, redirect, route)));

  if (request !== null) modifyHeaders(exchange.headers, request);
  if (rewrite?.hostname !== undefined) exchange.authority = rewrite.hostname;
  if (rewrite?.path !== undefined && route !== null)
    exchange.path = modifyPath(exchange.path, rewrite.path, route.match);
  return response === null ? next(exchange) : next(exchange).then(finish);
}

function redirected(exchange: Exchange, redirect: RequestRedirect, { match }: RouteMatch): Reply {
  // At the edge, the layer forwarding has set the field: there, only a trusted peer may set it.
  const scheme = schemeIn(exchange.headers);
  const { askedPath: path, askedAuthority: authority } = exchange;
  return localReply(redirect.statusCode, ['location', locationOf(redirect, { scheme, authority, path }, match)], '');
}
