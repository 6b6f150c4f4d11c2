import { defaultBackendPolicy } from '../config/default-policies.ts';
import type { MeshConfig } from '../config/model.ts';
import type { RoutePolicy, SettledRequest } from '../config/policy-model.ts';
import type { Registry } from '../discovery/registry.ts';
import { Service } from '../discovery/service.ts';
import { settleTarget } from '../settle/target.ts';
import { type Matcher, matcherOf } from './match.ts';
import type { RouteRule, RuleSettle } from './rule.ts';

/** `policy.settle` for one rule; null if the policy has none. `writes` is not known yet. */
export function ruleSettle(
  config: MeshConfig,
  registry: Registry,
  { settle }: RoutePolicy,
  ruleName: string | undefined,
): RuleSettle | null {
  if (settle === undefined) return null;
  const { after, before, resources } = settle;
  const documented = config.services.find(({ name }) => name === settle.service);
  const known = documented?.ports.some(({ port }) => port === settle.port) ?? false;
  const service =
    documented !== undefined && known
      ? registry.service(settle.service, settle.port, documented.policy)
      : // In no registry, so that discovery does not look for its endpoints.
        new Service(settle.service, settle.port, defaultBackendPolicy());
  const named = after?.readRules?.includes(ruleName ?? '') ?? true;
  return {
    after:
      after === undefined
        ? null
        : {
            target: settleTarget(service, resources),
            policy: after,
            reads: named && ruleName !== after.writesRule,
            writes: null,
          },
    before:
      before === undefined
        ? null
        : {
            target: settleTarget(service, before.resources ?? resources),
            policy: before,
            matches: anyOf(before.requests),
          },
  };
}

/** Gives each rule the one of its route that says where writes go. */
export function linkWrites(rules: Iterable<RouteRule>): void {
  const all = [...rules];
  for (const { route, settle } of all) {
    const after = settle?.after ?? null;
    if (after === null) continue;
    const { writesRule } = after.policy;
    after.writes = all.find((rule) => rule.route === route && rule.spec.name === writesRule) ?? null;
  }
}

function anyOf(requests: readonly SettledRequest[]): Matcher {
  const matchers = requests.map(({ method, path }) =>
    matcherOf({ path, headers: [], queryParams: [], ...(method === undefined ? {} : { method }) }),
  );
  return (request, pathname) => matchers.some((matches) => matches(request, pathname));
}
