import { defaults } from '../defaults.ts';
import type { HttpRouteFilter, PathModifier } from '../model.ts';
import { oneOf, oneOfNumbers, port, preciseHostname, text } from '../shapes/leaf-shapes.ts';
import { object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { list, mapped, ruled, type Shape } from '../shapes/shape.ts';
import type { Cursor } from '../tree/cursor.ts';
import { cors } from './cors-filter.ts';
import { headerModifier } from './header-modifier.ts';
import { mirror } from './mirror-filter.ts';
import { pathFault } from './path-rules.ts';

const replacement = text({
  says: 'a path that starts with "/"',
  max: 1024,
  fault: (value) => pathFault(value, { empty: true }),
});

const pathModifier: Shape<PathModifier> = mapped(
  ruled(
    object({
      type: required('type', oneOf(['ReplaceFullPath', 'ReplacePrefixMatch']), 'Which of the two fields is present.'),
      replaceFullPath: optional('replaceFullPath', replacement, 'The new path; the query stays.'),
      replacePrefixMatch: optional(
        'replacePrefixMatch',
        replacement,
        'Replaces the prefix that the PathPrefix match matched.',
      ),
    }),
    ({ type, replaceFullPath, replacePrefixMatch }, at) => {
      if (at.hasFault(['type'])) return;
      const values = { replaceFullPath, replacePrefixMatch };
      const wanted = type === 'ReplaceFullPath' ? 'replaceFullPath' : 'replacePrefixMatch';
      const other = type === 'ReplaceFullPath' ? 'replacePrefixMatch' : 'replaceFullPath';
      if (values[wanted] === undefined) at.fault([wanted], `is required with type ${type}`);
      if (values[other] !== undefined) at.fault([other], `must be absent with type ${type}`);
    },
  ),
  ({ type, replaceFullPath, replacePrefixMatch }): PathModifier =>
    type === 'ReplaceFullPath'
      ? { type, replaceFullPath: replaceFullPath ?? '/' }
      : { type, replacePrefixMatch: replacePrefixMatch ?? '/' },
  (value) => value,
);

const redirect = object({
  scheme: optional('scheme', oneOf(['http', 'https']), 'Absent = that of the request.'),
  hostname: optional('hostname', preciseHostname, 'Absent = that of the request.'),
  path: optional('path', pathModifier, 'Absent = that of the request.'),
  port: optional('port', port, 'Absent = that of the scheme if given, otherwise that of the request.'),
  statusCode: withDefault(
    'statusCode',
    oneOfNumbers([301, 302, 303, 307, 308]),
    defaults.redirectStatusCode,
    'Status of the redirect.',
  ),
});

const rewrite = object({
  hostname: optional('hostname', preciseHostname, 'New Host.'),
  path: optional('path', pathModifier, 'New path.'),
});

const filterObject = object(
  {
    type: required(
      'type',
      oneOf([
        'RequestHeaderModifier',
        'ResponseHeaderModifier',
        'RequestRedirect',
        'URLRewrite',
        'RequestMirror',
        'CORS',
      ]),
      'Which of the following fields is present.',
    ),
    requestHeaderModifier: optional(
      'requestHeaderModifier',
      headerModifier,
      'Changes the request before it is sent on.',
    ),
    responseHeaderModifier: optional(
      'responseHeaderModifier',
      headerModifier,
      'Changes the reply; set, add and remove as for requests.',
    ),
    requestRedirect: optional('requestRedirect', redirect, 'Replies with a redirect.'),
    urlRewrite: optional('urlRewrite', rewrite, 'Changes host or path before the request is sent on.'),
    requestMirror: optional('requestMirror', mirror, 'Sends copies to a second backend, whose replies are dropped.'),
    cors: optional('cors', cors, 'Replies to preflights and adds CORS headers to replies.'),
  },
  {
    unsupported: {
      extensionRef: 'the mesh has no filters of other vendors; its own extras are in policies',
      externalAuth: 'the mesh has no external authorization',
    },
  },
);

type FilterObject = ReturnType<typeof filterObject.read>;
type FilterField = Exclude<keyof FilterObject, 'type'>;

const fieldOf: Readonly<Record<HttpRouteFilter['type'], FilterField>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  RequestMirror: 'requestMirror',
  CORS: 'cors',
};

function checkFilter(value: FilterObject, at: Cursor): void {
  if (at.hasFault(['type'])) return;
  const wanted = fieldOf[value.type];
  for (const field of Object.values(fieldOf)) {
    if (field === wanted && value[field] === undefined) at.fault([field], `is required with type ${value.type}`);
    if (field !== wanted && value[field] !== undefined) at.fault([field], `must be absent with type ${value.type}`);
  }
}

function intoFilter(value: FilterObject): HttpRouteFilter {
  switch (value.type) {
    case 'RequestHeaderModifier':
      return { type: value.type, modifier: value.requestHeaderModifier ?? headerModifier.fallback };
    case 'ResponseHeaderModifier':
      return { type: value.type, modifier: value.responseHeaderModifier ?? headerModifier.fallback };
    case 'RequestRedirect':
      return { type: value.type, redirect: value.requestRedirect ?? redirect.fallback };
    case 'URLRewrite':
      return { type: value.type, rewrite: value.urlRewrite ?? rewrite.fallback };
    case 'RequestMirror':
      return { type: value.type, mirror: value.requestMirror ?? mirror.fallback };
    case 'CORS':
      return { type: value.type, cors: value.cors ?? cors.fallback };
  }
}

function fromFilter(filter: HttpRouteFilter): FilterObject {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return { type: filter.type, requestHeaderModifier: filter.modifier };
    case 'ResponseHeaderModifier':
      return { type: filter.type, responseHeaderModifier: filter.modifier };
    case 'RequestRedirect':
      return { type: filter.type, requestRedirect: filter.redirect };
    case 'URLRewrite':
      return { type: filter.type, urlRewrite: filter.rewrite };
    case 'RequestMirror':
      return { type: filter.type, requestMirror: filter.mirror };
    case 'CORS':
      return { type: filter.type, cors: filter.cors };
  }
}

const filter: Shape<HttpRouteFilter> = mapped(ruled(filterObject, checkFilter), intoFilter, fromFilter);

/** Filters of a rule or a backendRef: each type at most once (mirrors may repeat), without contradictions. */
export const filters: Shape<HttpRouteFilter[]> = ruled(list(filter, { max: 16 }), (values, at) => {
  for (const [index, { type }] of values.entries()) {
    if (at.hasFault([index, 'type'])) continue;
    if (type !== 'RequestMirror' && values.findIndex((other) => other.type === type) < index) {
      at.fault([index, 'type'], 'must not appear twice in one list of filters');
    }
  }
  const rewriteAt = values.findIndex(({ type }) => type === 'URLRewrite');
  if (rewriteAt >= 0 && values.some(({ type }) => type === 'RequestRedirect')) {
    at.fault([rewriteAt, 'type'], 'must not be combined with RequestRedirect');
  }
});
