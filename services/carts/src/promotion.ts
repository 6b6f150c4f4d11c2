/** Amounts in minor units, one for each currency. */
export type Amounts = readonly { currency: string; amount: number }[];

/** The type of a promotion with what it needs. Targets are SKUs or ids of products. */
export type Offer =
  | { promotion_type: 'fixed_discount'; schema: { currencies: Amounts } }
  | {
      promotion_type: 'percent_discount';
      schema: { currencies: readonly { currency: string; percentage: number }[] };
    }
  | { promotion_type: 'x_for_y'; schema: { x: number; y: number; targets: readonly string[] } }
  | { promotion_type: 'x_for_amount'; schema: { x: number; currencies: Amounts; targets: readonly string[] } }
  | {
      promotion_type: 'bundle_fixed_discount';
      schema: { requirements: readonly Requirement[]; currencies: Amounts };
    }
  | { promotion_type: 'item_fixed_discount'; schema: { targets: readonly string[]; currencies: Amounts } }
  | { promotion_type: 'item_percent_discount'; schema: { targets: readonly string[]; percent: number } };

interface Requirement {
  targets: readonly string[];
  quantity: number;
}

/** The offer of a promotion with its limits. */
export type Terms = Offer & { min_cart_value: Amounts; max_discount_value: Amounts };

/**
 * A line that promotions count. `unit` is the price of one and `value` that of the line, in minor units: with
 * tax by the calculation method `simple`, before tax by `line`.
 */
export interface Counted {
  productId: string | null;
  sku: string;
  quantity: number;
  unit: number;
  value: number;
}

/** Minor units that a promotion takes off these lines; 0 if they do not qualify. Never more than they are worth. */
export function discountOf(terms: Terms, lines: readonly Counted[], currency: string): number {
  const value = goodsValue(lines);
  if (value < (amountIn(terms.min_cart_value, currency) ?? 0)) return 0;
  const most = amountIn(terms.max_discount_value, currency) ?? value;
  return Math.min(offered(terms, lines, currency), most, value);
}

function offered(offer: Offer, lines: readonly Counted[], currency: string): number {
  switch (offer.promotion_type) {
    case 'fixed_discount':
      return amountIn(offer.schema.currencies, currency) ?? 0;
    case 'percent_discount': {
      const percent = offer.schema.currencies.find((each) => each.currency === currency)?.percentage ?? 0;
      return percentOf(goodsValue(lines), percent);
    }
    case 'x_for_y':
      return xForY(offer.schema.x, offer.schema.y, targeted(lines, offer.schema.targets));
    case 'x_for_amount': {
      const price = amountIn(offer.schema.currencies, currency);
      return price === undefined ? 0 : xForAmount(offer.schema.x, price, targeted(lines, offer.schema.targets));
    }
    case 'bundle_fixed_discount':
      return (amountIn(offer.schema.currencies, currency) ?? 0) * bundlesIn(lines, offer.schema.requirements);
    case 'item_fixed_discount': {
      const off = amountIn(offer.schema.currencies, currency) ?? 0;
      return sum(targeted(lines, offer.schema.targets), ({ unit, quantity }) => Math.min(off, unit) * quantity);
    }
    case 'item_percent_discount':
      return sum(targeted(lines, offer.schema.targets), ({ value }) => percentOf(value, offer.schema.percent));
  }
}

/** The value of lines without discounts, in minor units. */
function goodsValue(lines: readonly Counted[]): number {
  return sum(lines, ({ value }) => value);
}

function amountIn(amounts: Amounts, currency: string): number | undefined {
  return amounts.find((each) => each.currency === currency)?.amount;
}

function targeted(lines: readonly Counted[], targets: readonly string[]): Counted[] {
  const wanted = new Set(targets.map((target) => target.toLowerCase()));
  return lines.filter(
    ({ productId, sku }) => productId !== null && (wanted.has(productId) || wanted.has(sku.toLowerCase())),
  );
}

/** For each x units, y are paid: the cheapest ones are free. */
function xForY(x: number, y: number, lines: readonly Counted[]): number {
  let free = Math.floor(sum(lines, ({ quantity }) => quantity) / x) * (x - y);
  let off = 0;
  for (const { unit, quantity } of [...lines].sort((a, b) => a.unit - b.unit)) {
    const taken = Math.min(free, quantity);
    off += taken * unit;
    free -= taken;
  }
  return off;
}

/** Each x units cost `price`, beginning with the dearest; a group that costs less already stays as it is. */
function xForAmount(x: number, price: number, lines: readonly Counted[]): number {
  let off = 0;
  let open = { units: 0, value: 0 };
  for (const { unit, quantity } of [...lines].sort((a, b) => b.unit - a.unit)) {
    let left = quantity;
    if (open.units > 0) {
      const taken = Math.min(left, x - open.units);
      open = { units: open.units + taken, value: open.value + taken * unit };
      left -= taken;
      if (open.units < x) continue;
      off += Math.max(0, open.value - price);
    }
    off += Math.floor(left / x) * Math.max(0, x * unit - price);
    open = { units: left % x, value: (left % x) * unit };
  }
  return off;
}

/** How many whole bundles the lines make. A unit counts for one requirement only. */
function bundlesIn(lines: readonly Counted[], requirements: readonly Requirement[]): number {
  const wanted = requirements.map(({ targets, quantity }) => ({ lines: targeted(lines, targets), quantity }));
  const makes = (bundles: number) => {
    const left = new Map(lines.map((line) => [line, line.quantity]));
    return wanted.every((requirement) => {
      let missing = requirement.quantity * bundles;
      for (const line of requirement.lines) {
        const taken = Math.min(missing, left.get(line) ?? 0);
        left.set(line, (left.get(line) ?? 0) - taken);
        missing -= taken;
      }
      return missing === 0;
    });
  };
  // Bisection: a cart can hold a hundred million units.
  let least = 0;
  let most = sum(lines, ({ quantity }) => quantity);
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (makes(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}

/** Rounds half up. Percentages count to a ten-thousandth. */
function percentOf(value: number, percent: number): number {
  const scaled = BigInt(value) * BigInt(Math.round(percent * 10_000));
  return Number((scaled + 500_000n) / 1_000_000n);
}

function sum(lines: readonly Counted[], of: (line: Counted) => number): number {
  return lines.reduce((total, line) => total + of(line), 0);
}
