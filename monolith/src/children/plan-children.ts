import { type Fault, failedValidation, unprocessable } from '../api/faults.ts';
import { maxAmount } from '../money.ts';
import type { OptionRow, VariationRow } from '../variations/variation-rows.ts';
import { applyModifiers, type Template } from './apply-modifiers.ts';

/** The most children of one product. */
export const maxChildren = 250;

/** A child as the next build makes it. */
export interface ChildPlan extends Template {
  /** One of each variation, in the order of the variations. */
  options: { variationId: string; optionId: string }[];
  /** Names a combination of options, whatever the order of the variations. */
  combination: string;
}

/**
 * Every combination of one option of each variation, applied to a product. Without variations there are none.
 * @throws ShopError `validation_failed` when a variation has no options, an option leaves children alike, there are too
 *   many children, or one of them would break a rule of products
 */
export function planChildren(base: Template, variations: readonly VariationRow[]): ChildPlan[] {
  if (variations.length === 0) return [];
  checkVariations(variations);
  const plans = combinations(variations).map((chosen): ChildPlan => {
    const options = chosen.map(({ variation, option }) => ({ variationId: variation.id, optionId: option.id }));
    const template = applyModifiers(
      base,
      chosen.flatMap(({ option }) => option.modifiers),
    );
    return { ...template, options, combination: combinationOf(options.map(({ optionId }) => optionId)) };
  });
  const faults = plans.flatMap((plan, index) => faultsOf(plan, [base, ...plans.slice(0, index)]));
  if (faults.length > 0) throw failedValidation(faults.slice(0, 20));
  return plans;
}

export function combinationOf(optionIds: readonly string[]): string {
  return optionIds.toSorted().join(' ');
}

function checkVariations(variations: readonly VariationRow[]): void {
  const faults = variations.flatMap(({ name, options }): Fault[] => {
    if (options.length === 0) return [{ detail: `The variation ${name} has no options.` }];
    return options.flatMap((option) =>
      (['sku', 'slug'] as const)
        .filter((member) => !option.modifiers.some(({ type }) => type.startsWith(`${member}_`)))
        .map((member) => ({ detail: `The option ${option.name} of ${name} needs a modifier of the ${member}.` })),
    );
  });
  if (faults.length > 0) throw failedValidation(faults.slice(0, 20));
  const count = variations.reduce((product, { options }) => product * options.length, 1);
  if (count > maxChildren) {
    throw unprocessable(
      'Failed Validation',
      `A product has at most ${maxChildren} children, and these would be ${count}`,
    );
  }
}

interface Choice {
  variation: VariationRow;
  option: OptionRow;
}

function combinations(variations: readonly VariationRow[]): Choice[][] {
  return variations.reduce<Choice[][]>(
    (built, variation) =>
      built.flatMap((chosen) => variation.options.map((option) => [...chosen, { variation, option }])),
    [[]],
  );
}

/** `others`: the base and the children before this one. */
function faultsOf(plan: ChildPlan, others: readonly Template[]): Fault[] {
  const faults: Fault[] = [];
  const fault = (detail: string) => faults.push({ detail });
  for (const member of ['name', 'slug', 'sku'] as const) {
    if (plan[member].length > 255)
      fault(`A child's ${member} would be longer than 255 characters: ${plan[member].slice(0, 80)}…`);
  }
  if (plan.description.length > 65_536) fault(`The description of ${plan.sku} would be longer than 65536 characters.`);
  for (const { amount, currency } of plan.prices) {
    if (amount < 0 || amount > maxAmount) fault(`The price of ${plan.sku} in ${currency} would be ${amount}.`);
  }
  for (const member of ['slug', 'sku'] as const) {
    if (others.some((other) => other[member] === plan[member]))
      fault(`Two products would have the ${member} ${plan[member]}.`);
  }
  return faults;
}
