import type { RouteRule } from './rule.ts';
import type { RouteTable } from './table.ts';

/**
 * `rule` as the newest configuration has it, with its weights: the rule of the same route and name, or without a name
 * at the same place. `rule` itself where it has gone. For requests that wait while weights change.
 */
export function ruleNow(newest: RouteTable | null, rule: RouteRule): RouteRule {
  const found = newest?.rules.find(
    ({ route, index, spec }) =>
      route === rule.route && (rule.spec.name === undefined ? index === rule.index : spec.name === rule.spec.name),
  );
  return found ?? rule;
}
