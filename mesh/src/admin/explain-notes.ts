import { systemClock } from '../clock.ts';
import type { HeaderModifier, HttpRouteFilter } from '../config/model.ts';
import type { Entrance } from '../exchange.ts';
import { modifyHeaders } from '../filters/header-modifier.ts';
import { modifyPath } from '../filters/path-modifier.ts';
import { locationOf } from '../filters/redirect.ts';
import { header, headerValues, removeHeader } from '../headers.ts';
import { safeMethods, shadowHeader } from '../layers/mirror.ts';
import { mayOverride, overrideHeader } from '../layers/override.ts';
import { heldBy } from '../layers/split.ts';
import { readOverrides } from '../policy/override.ts';
import { pathnameOf } from '../routing/match.ts';
import type { RouteMatch } from '../routing/rule.ts';
import type { RouteTable } from '../routing/table.ts';
import { whyUnusable } from '../service-state/readiness.ts';

/** The request to explain. */
export interface Asked {
  entrance: Entrance;
  method: string;
  path: string;
  authority: string;
  headers: readonly string[];
  /** The address that it would come from; null = unknown. */
  client: string | null;
}

/**
 * What filters, sessions, mirrors, overrides and failover would do to a request, a line each. Header fields appear by
 * name only: values may be secrets.
 */
export function notesOn(found: RouteMatch, asked: Asked, routes: RouteTable): string[] {
  const { rule } = found;
  const notes = rule.spec.filters.map((filter) => `rule: ${filterNote(filter, found, asked)}`);
  const inside = rewritten(rule.spec.filters, found, asked);
  for (const { service, spec } of rule.backends) {
    for (const filter of spec.filters) notes.push(`${service.name}: ${filterNote(filter, found, inside)}`);
  }
  for (const { service, spec } of rule.backends) {
    if (spec.unresolved !== undefined) notes.push(`${service.name}: the reference leads nowhere: 500`);
  }
  const redirects = rule.spec.filters.some(({ type }) => type === 'RequestRedirect');
  if (rule.weightSum === 0 && !redirects) notes.push('no backend has a weight: 500');
  return [
    ...notes,
    ...sessionNotes(found, asked),
    ...overrideNotes(found, asked, routes),
    ...failoverNotes(found, asked),
    ...settleNotes(found, asked),
  ];
}

function settleNotes({ rule: { settle } }: RouteMatch, { method, path }: Asked): string[] {
  if (settle === undefined) return [];
  const { before, after } = settle;
  const notes: string[] = [];
  if (before?.matches({ method, path, headers: [], authority: '' }, pathnameOf(path))) {
    const { target, policy } = before;
    notes.push(`settled first: ${target.resources.join(', ')} by ${target.service.name}, up to ${policy.timeoutMs} ms`);
  }
  if (after === null) return notes;
  const { target, policy, reads, writes } = after;
  const what = `${target.resources.join(', ')} by ${target.service.name}`;
  if (!safeMethods.has(method)) notes.push(`settled behind the reply: ${what}, up to ${policy.timeoutMs} ms`);
  if (reads && writes !== null) notes.push(`while ${what} do not settle: by the weights of ${writes.spec.name}`);
  return notes;
}

function failoverNotes({ rule }: RouteMatch, { method }: Asked): string[] {
  const { failover } = rule;
  if (failover === undefined) return [];
  const to = failover.backend.service;
  const others = rule.backends.filter(({ service }) => service !== to);
  const nowMs = systemClock.now();
  const failing = others.flatMap(({ service }) => {
    const why = whyUnusable(service, nowMs, Math.random);
    return why === null
      ? []
      : [`${service.name} has ${why === 'no_endpoint' ? 'no endpoint' : 'none that is healthy'}`];
  });
  const now = failing.length === 0 ? '' : `; now: ${failing.join(', ')}`;
  const never = failover.methods.has(method) ? '' : ` (not this one: ${method})`;
  return [
    `failover: ${to.name} replies for a backend without a healthy endpoint, ` +
      `${[...failover.methods].join(', ')} only${never}${now}`,
  ];
}

function filterNote(filter: HttpRouteFilter, { match, rule }: RouteMatch, asked: Asked): string {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return `request fields ${changes(filter.modifier)}`;
    case 'ResponseHeaderModifier':
      return `response fields ${changes(filter.modifier)}`;
    case 'RequestRedirect': {
      const location = locationOf(filter.redirect, { ...asked, scheme: 'http' }, match);
      return `redirected (${filter.redirect.statusCode}) to ${location}`;
    }
    case 'URLRewrite': {
      const { hostname = asked.authority, path } = filter.rewrite;
      return `sent on as ${path === undefined ? asked.path : modifyPath(asked.path, path, match)}, host ${hostname}`;
    }
    case 'RequestMirror': {
      const { service, numerator, denominator } = filter.mirror;
      const { unsafeMethods, bodyLimitBytes, timeoutMs, maxInFlight } = rule.policy.mirror;
      const never =
        header(asked.headers, shadowHeader) !== undefined
          ? ' (not this one: it is a copy)'
          : unsafeMethods || safeMethods.has(asked.method)
            ? ''
            : ` (not this one: ${asked.method})`;
      return (
        `${(numerator / denominator) * 100} % mirrored to ${service}, ` +
        `${unsafeMethods ? 'whatever the method' : 'safe methods only'}${never}, ` +
        `bodies up to ${bodyLimitBytes} bytes, for ${timeoutMs} ms, ${maxInFlight} at a time`
      );
    }
    case 'CORS':
      return `CORS for ${filter.cors.allowOrigins.join(', ') || 'no origin'}: the mesh replies to preflights`;
  }
}

/** The request as the filters of a backend see it. */
function rewritten(filters: readonly HttpRouteFilter[], { match }: RouteMatch, asked: Asked): Asked {
  const rewrite = filters.find((filter) => filter.type === 'URLRewrite')?.rewrite;
  if (rewrite === undefined) return asked;
  const path = rewrite.path === undefined ? asked.path : modifyPath(asked.path, rewrite.path, match);
  return { ...asked, path, authority: rewrite.hostname ?? asked.authority };
}

function changes({ set, add, remove }: HeaderModifier): string {
  const names = (word: string, list: readonly string[]) => (list.length === 0 ? [] : [`${word} ${list.join(', ')}`]);
  return [
    ...names(
      'set',
      set.map(({ name }) => name),
    ),
    ...names(
      'add',
      add.map(({ name }) => name),
    ),
    ...names('remove', remove),
  ].join('; ');
}

function sessionNotes({ rule }: RouteMatch, { headers }: Asked): string[] {
  const { sessionPersistence: persistence } = rule.spec;
  if (persistence === undefined) return [];
  const { backend, event } = heldBy(rule, headers, persistence, Math.floor(Date.now() / 1000));
  const by = `sticky by ${persistence.type.toLowerCase()} ${persistence.sessionName}`;
  if (event === 'hashed') return [`${by}: a client's own name, always to ${backend?.service.name ?? 'no backend'}`];
  if (event === 'kept') return [`${by}: kept at ${backend?.service.name ?? 'no backend'}`];
  return [
    `${by}: ${event === 'moved' ? 'its backend takes no requests any more' : 'no session'}, drawn by the weights`,
  ];
}

function overrideNotes({ rule }: RouteMatch, { entrance, headers, client }: Asked, routes: RouteTable): string[] {
  const notes: string[] = [];
  const fields = headers.slice();
  const { allowFrom } = rule.policy.override;
  if (header(headers, overrideHeader) !== undefined && !mayOverride(entrance.side, allowFrom, client ?? '')) {
    const from = allowFrom.length === 0 ? 'no address' : allowFrom.join(', ');
    notes.push(
      `${overrideHeader} is dropped: ${client ?? 'a client without --client'} may not; it counts from ${from}`,
    );
    removeHeader(fields, overrideHeader);
  }
  for (const filter of rule.spec.filters) {
    if (filter.type === 'RequestHeaderModifier') modifyHeaders(fields, filter.modifier);
  }
  const values = headerValues(fields, overrideHeader);
  const overrides = readOverrides(values);
  if (overrides === null) return [...notes, `${overrideHeader} cannot be read: 400`];
  for (const { service } of rule.backends) {
    const name = overrides.get(service.name);
    if (name === undefined) continue;
    const known = routes.service(name, service.port) !== null;
    notes.push(
      known ? `${name} instead of ${service.name}` : `there is no service ${name} instead of ${service.name}: 400`,
    );
  }
  return notes;
}
