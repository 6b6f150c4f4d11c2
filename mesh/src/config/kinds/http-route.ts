import { defaults } from '../defaults.ts';
import {
  headerName,
  hostname,
  matchValue,
  methodName,
  objectName,
  oneOf,
  queryName,
  wholeNumber,
} from '../shapes/leaf-shapes.ts';
import { nested, object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { patternFault } from '../shapes/regex.ts';
import { list, ruled, type Shape } from '../shapes/shape.ts';
import type { Cursor } from '../tree/cursor.ts';
import { follow } from '../tree/tree.ts';
import { filters } from './filters.ts';
import { firstOfName } from './first-of-name.ts';
import { framing } from './header-modifier.ts';
import { metadata } from './metadata.ts';
import { parentsDiffer } from './parent-rules.ts';
import { pathMatch } from './path-match.ts';
import { backendObject, checkBackendPort, parentReference } from './references.ts';
import { retry, timeouts } from './rule-parts.ts';
import { sessionPersistence } from './session-persistence.ts';

function valueMatch(name: Shape<string>) {
  return ruled(
    object({
      type: withDefault('type', oneOf(['Exact', 'RegularExpression']), 'Exact', 'How to compare with `value`.'),
      name: required('name', name, 'The header or query parameter to compare.'),
      value: required('value', matchValue, 'RegularExpression: the whole value.'),
    }),
    ({ type, value }, at) => {
      const broken = type === 'RegularExpression' ? patternFault(value) : null;
      if (broken !== null) at.fault(['value'], broken);
    },
  );
}

/** Refuses conditions on fields that routing does not see: such a condition would never hold. */
function matchable(values: readonly { name: string }[], at: Cursor): void {
  for (const [index, { name }] of values.entries()) {
    if (name === 'host' || !framing.has(name)) continue;
    at.fault([index, 'name'], 'must not be a field that frames the message or belongs to the connection');
  }
}

const match = object({
  path: nested('path', pathMatch, 'Absent = every path.'),
  headers: withDefault(
    'headers',
    firstOfName(ruled(list(valueMatch(headerName), { max: 16 }), matchable)),
    [],
    'All must match.',
  ),
  queryParams: withDefault('queryParams', firstOfName(list(valueMatch(queryName), { max: 16 })), [], 'All must match.'),
  method: optional('method', methodName, 'Absent = every method.'),
});

const backendRef = object({
  ...backendObject,
  weight: withDefault(
    'weight',
    wholeNumber(0, 1_000_000),
    defaults.backendWeight,
    'Share of the sum of all weights of the rule; 0 = nothing.',
  ),
  filters: withDefault('filters', filters, [], 'For requests that go to this backend; as `spec.rules[].filters`.'),
});

const rule = ruled(
  object({
    name: optional('name', objectName, 'Shown by `mesh explain`.'),
    matches: withDefault(
      'matches',
      list(match, { max: 64 }),
      [],
      'A request must match one of them; absent = every request.',
    ),
    filters: withDefault('filters', filters, [], 'Applied to every request of the rule.'),
    backendRefs: withDefault('backendRefs', list(backendRef, { max: 16 }), [], 'Where requests go, by weight.'),
    timeouts: nested('timeouts', timeouts, 'After these the reply is 504.'),
    retry: optional('retry', retry, 'Absent: a request is retried only if it certainly was not sent.'),
    sessionPersistence: optional('sessionPersistence', sessionPersistence, 'A client stays with its first backend.'),
  }),
  checkRule,
);

type Rule = Parameters<typeof checkRule>[0];

function checkRule(
  value: {
    matches: { path: { type: string } }[];
    filters: { type: string; redirect?: { path?: { type: string } }; rewrite?: { path?: { type: string } } }[];
    backendRefs: { group: string; kind: string; port?: number; weight: number; filters: Rule['filters'] }[];
  },
  at: Cursor,
): void {
  const redirects = value.filters.some(({ type }) => type === 'RequestRedirect');
  if (redirects && value.backendRefs.length > 0) {
    at.fault(['backendRefs'], 'must be absent: a RequestRedirect filter replies to all requests of this rule');
  }
  if (!redirects && value.backendRefs.length === 0) {
    at.warn(['backendRefs'], 'is empty: requests of this rule get a 500');
  }
  if (
    value.backendRefs.length > 0 &&
    value.backendRefs.every(({ weight }, index) => weight === 0 && !at.hasFault(['backendRefs', index, 'weight']))
  ) {
    at.warn(['backendRefs'], 'has only weights of 0: requests of this rule get a 500');
  }
  const refs = value.backendRefs;
  for (const [index, ref] of refs.entries()) checkBackendPort(ref, at, ['backendRefs', index]);
  const onePrefix = value.matches.length <= 1 && (value.matches[0]?.path.type ?? 'PathPrefix') === 'PathPrefix';
  const check = (list: Rule['filters'], steps: (string | number)[]) => {
    for (const [index, { type, redirect, rewrite }] of list.entries()) {
      const replaces = (redirect?.path ?? rewrite?.path)?.type === 'ReplacePrefixMatch';
      const field = type === 'URLRewrite' ? 'urlRewrite' : 'requestRedirect';
      if (replaces && !onePrefix) {
        at.fault(
          [...steps, index, field, 'path', 'type'],
          'must be ReplaceFullPath: ReplacePrefixMatch needs exactly one match in the rule, of type PathPrefix',
        );
      }
    }
  };
  check(value.filters, ['filters']);
  const rewritesPath = value.filters.some(({ rewrite }) => rewrite?.path !== undefined);
  for (const [index, ref] of refs.entries()) {
    check(ref.filters, ['backendRefs', index, 'filters']);
    for (const [place, { rewrite }] of ref.filters.entries()) {
      if (!rewritesPath || rewrite?.path?.type !== 'ReplacePrefixMatch') continue;
      at.fault(
        ['backendRefs', index, 'filters', place, 'urlRewrite', 'path', 'type'],
        'must be ReplaceFullPath: the rule’s own URLRewrite changes the path first',
      );
    }
  }
}

const spec = object(
  {
    parentRefs: withDefault(
      'parentRefs',
      ruled(list(parentReference, { max: 32 }), parentsDiffer),
      [],
      'Gateways (from outside) and Services (between services) whose requests this route takes.',
    ),
    hostnames: withDefault(
      'hostnames',
      list(hostname, { max: 16 }),
      [],
      'Only requests for these hosts; absent = all of the listener.',
    ),
    rules: withDefault(
      'rules',
      list(rule, { min: 1, max: 64 }),
      [rule.fallback],
      'The most specific match over all routes wins. Absent: one rule for everything, without a backend.',
    ),
  },
  { unsupported: { useDefaultGateways: 'name the Gateways in parentRefs' } },
);

/** gateway.networking.k8s.io/v1 HTTPRoute. */
export const httpRoute = ruled(
  object(
    { metadata: required('metadata', metadata, ''), spec: required('spec', spec, '') },
    { ignored: ['apiVersion', 'kind', 'status'] },
  ),
  ({ spec: { parentRefs, rules } }, at) => {
    if (parentRefs.length === 0 && !at.hasFault(['spec', 'parentRefs'])) {
      at.unresolved(['spec', 'parentRefs'], 'is empty: this route takes no requests');
    }
    if (follow(at.tree, ['spec', 'rules']) === undefined) {
      at.warn(['spec', 'rules'], 'is absent: all requests of this route get a 500');
    }
    for (const [index, { name }] of rules.entries()) {
      if (name !== undefined && rules.findIndex((other) => other.name === name) < index) {
        at.fault(['spec', 'rules', index, 'name'], 'must be unique');
      }
    }
  },
);
