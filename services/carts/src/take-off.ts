import { type CalculationMethod, lineTotals, type PricedLine, rateOf, sumTotals, type Taxed, taxOn } from './money.ts';

/**
 * Takes an offered discount (minor units) off what earlier discounts left. Returns what it took, which may be less: no
 * total falls below zero.
 */
export type TakeOff = (offered: number) => Taxed;

/** What is left of a line: `net` in minor units before tax, `rate` in millionths. */
interface Left {
  net: bigint;
  rate: bigint;
}

/** How discounts are taken off lines, one after the other. Offers count tax by the method `simple`, and do not by `line`. */
export function takingOff(lines: readonly PricedLine[], method: CalculationMethod): TakeOff {
  return method === 'line' ? offLines(lines) : offTotals(sumTotals(lines, method));
}

function offTotals(totals: Taxed): TakeOff {
  let { withTax, withoutTax } = totals;
  return (offered) => {
    const amount = Math.min(offered, withTax);
    // Taken off before tax as far as possible: what is left is taken off the tax.
    const net = Math.min(amount, withoutTax);
    withTax -= amount;
    withoutTax -= net;
    return { withTax: amount, withoutTax: net, tax: amount - net };
  };
}

function offLines(lines: readonly PricedLine[]): TakeOff {
  let left: Left[] = lines.map((line) => ({
    net: BigInt(lineTotals(line, 'line').value.withoutTax),
    rate: rateOf(line.rates),
  }));
  return (offered) => {
    const shares = sharesOf(BigInt(offered), left);
    const after = left.map(({ net, rate }, index) => ({ net: net - (shares[index] ?? 0n), rate }));
    const tax = taxesOf(left) - taxesOf(after);
    const net = shares.reduce((sum, share) => sum + share, 0n);
    left = after;
    return { withTax: Number(net + tax), withoutTax: Number(net), tax: Number(tax) };
  };
}

function taxesOf(lines: readonly Left[]): bigint {
  return lines.reduce((sum, { net, rate }) => sum + taxOn(net, rate), 0n);
}

/**
 * Spreads a discount over lines in proportion to what is left of each before tax, so that the shares add up: each share is
 * rounded down, and the units that are missing go to the largest remainders, one each. No share exceeds its line.
 */
export function sharesOf(offered: bigint, lines: readonly Left[]): bigint[] {
  const total = lines.reduce((sum, { net }) => sum + net, 0n);
  const amount = offered < total ? offered : total;
  if (amount === 0n) return lines.map(() => 0n);
  const parts = lines.map((line) => ({ line, share: (amount * line.net) / total, rest: (amount * line.net) % total }));
  let missing = parts.reduce((rest, { share }) => rest - share, amount);
  // The larger line, then the higher rate: lines that are still equal are alike, so totals do not depend on their order.
  const inTurn = parts.toSorted(
    (a, b) => order(b.rest, a.rest) || order(b.line.net, a.line.net) || order(b.line.rate, a.line.rate),
  );
  for (const part of inTurn) {
    if (missing === 0n) break;
    part.share += 1n;
    missing -= 1n;
  }
  return parts.map(({ share }) => share);
}

function order(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
