import { labelName, objectName, oneOf, text } from '../shapes/leaf-shapes.ts';
import { object, optional, required, withDefault } from '../shapes/object-shape.ts';
import { list } from '../shapes/shape.ts';
import { ownTexts } from '../shapes/text-map.ts';
import type { Cursor } from '../tree/cursor.ts';
import { follow } from '../tree/tree.ts';

/** Kinds of objects that policies name. */
export type TargetKind = 'Service' | 'HTTPRoute' | 'Gateway';

const groupOf = (group: string, kinds: string) =>
  withDefault(
    'group',
    text({ says: JSON.stringify(group), fault: (value) => (value === group ? null : '') }),
    group,
    `Group of ${kinds}.`,
  );

/** The fields that say what a policy applies to. @param kinds the kind that policies are for, then more general ones */
export function targetFields(group: string, kinds: readonly [TargetKind, ...TargetKind[]]) {
  const [own] = kinds;
  const named = kinds.join(' or ');
  const general = kinds.length === 1 ? '' : ' A Gateway stands for every HTTPRoute that has it as a parent.';
  return {
    targetRefs: withDefault(
      'targetRefs',
      list(
        object({
          group: groupOf(group, named),
          kind: required('kind', oneOf<TargetKind>(kinds), `Only ${named}.`),
          name: required('name', objectName, `Name of ${own === 'Service' ? 'a' : 'an'} ${named} among the documents.`),
          namespace: optional('namespace', labelName, 'Absent, or the namespace of all documents.'),
        }),
        { min: 1, max: 64 },
      ),
      [],
      `What the policy applies to, by name; required without targetSelectors.${general}`,
    ),
    targetSelectors: withDefault(
      'targetSelectors',
      list(
        object({
          group: groupOf(group, own),
          kind: required('kind', oneOf<TargetKind>([own]), `Only ${own}.`),
          matchLabels: required(
            'matchLabels',
            ownTexts(() => true),
            'The labels that it must have, all of them.',
          ),
        }),
        { min: 1, max: 16 },
      ),
      [],
      `What the policy applies to, by labels: every ${own} that one of these selects.`,
    ),
  };
}

/** The rule that a policy applies to something. `at` is its `spec`. */
export function hasTargets(
  { targetRefs, targetSelectors }: { targetRefs: unknown[]; targetSelectors: unknown[] },
  at: Cursor,
): void {
  for (const index of targetSelectors.keys()) {
    const steps = ['targetSelectors', index, 'matchLabels'];
    const labels = follow(at.tree, steps);
    if (labels?.kind === 'map' && labels.entries.size === 0) at.fault(steps, 'must have at least one label');
  }
  if (targetRefs.length > 0 || targetSelectors.length > 0) return;
  if (at.hasFault(['targetRefs']) || at.hasFault(['targetSelectors'])) return;
  at.fault(['targetRefs'], 'is required without targetSelectors', { hideValue: true });
}
