import { retry, timeouts } from '../kinds/rule-parts.ts';
import type { HttpRouteFilter } from '../model.ts';
import type { ReadDocument } from '../reading/documents.ts';
import { Cursor } from '../tree/cursor.ts';
import { follow, type MapTree, type Tree } from '../tree/tree.ts';
import { emptyMap, mergeTrees } from './merge.ts';

type RuleDocument = ReadDocument<'HTTPRoute'>['value']['spec']['rules'][number];

/**
 * The rules of a route with what its policy adds: fields of `timeouts` and `retry` that a rule does not state, and filters
 * of types that it does not have. Contradictions between both are reported at the rule.
 *
 * @param inherited the `ruleDefaults` of the policy as written, and `filters` as read
 */
export function effectiveRules(
  { value, at }: ReadDocument<'HTTPRoute'>,
  inherited: Tree,
  filters: readonly HttpRouteFilter[],
): RuleDocument[] {
  const general = only(inherited, ['timeouts', 'retry']);
  return value.spec.rules.map((rule, index) => {
    const steps = ['spec', 'rules', index];
    const tree = mergeTrees(general, only(follow(at.tree, steps), ['timeouts', 'retry']));
    const rest = new Cursor(at.origin, tree, steps);
    const timeoutsTree = follow(tree, ['timeouts']);
    const retryTree = follow(tree, ['retry']);
    const { retry: _own, ...others } = rule;
    return {
      ...others,
      filters: [...rule.filters, ...filters.filter(({ type }) => rule.filters.every((own) => own.type !== type))],
      timeouts: timeoutsTree === undefined ? rule.timeouts : timeouts.read(rest.child('timeouts', timeoutsTree)),
      ...(retryTree === undefined ? {} : { retry: retry.read(rest.child('retry', retryTree)) }),
    };
  });
}

/** The mapping with these of its fields. */
function only(tree: Tree | undefined, keys: readonly string[]): MapTree {
  if (tree?.kind !== 'map') return emptyMap();
  return { ...tree, entries: new Map([...tree.entries].filter(([key]) => keys.includes(key))) };
}
