import { nested, object, optional, withDefault } from '../../shapes/object-shape.ts';
import { ruled } from '../../shapes/shape.ts';
import { filters } from '../filters.ts';
import { retry, timeouts } from '../rule-parts.ts';

const inheritable = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'CORS'];

/** What rules of a route have unless they say otherwise. */
export const ruleDefaults = object({
  timeouts: nested('timeouts', timeouts, 'As `timeouts` of a rule, field by field.'),
  retry: optional('retry', retry, 'As `retry` of a rule, field by field; a rule with `retry: null` has none.'),
  filters: withDefault(
    'filters',
    ruled(filters, (values, at) => {
      for (const [index, { type }] of values.entries()) {
        if (inheritable.includes(type)) continue;
        at.fault([index, 'type'], `must be one of ${inheritable.join(', ')}: others belong to one rule`);
      }
    }),
    [],
    'As `filters` of a rule; for rules without a filter of that type.',
  ),
});
