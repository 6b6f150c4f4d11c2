import { closedLoop } from '../../drivers/closed-loop.ts';
import { median } from '../../measure/latencies.ts';
import { errorCount, joinRuns, type Run } from '../../measure/run.ts';
import type { ApiClient } from '../../platform/clients.ts';
import type { PlatformStack } from '../../platform/stack.ts';
import type { Cause } from '../../proof/report-data.ts';
import { tokenTargets } from './targets.ts';

/** A debt as the monolith itself lists it. */
export interface Debt {
  number: number;
  name: string;
  tunable: boolean;
  path: string;
  summary: string;
}

/**
 * What each debt on the token's path costs: the spare monolith is started with that one debt paid, measured in turns with
 * the legacy one, and the medians are subtracted. Debts overlap (a scan that is not made cannot be counted twice), so
 * the parts need not add up to the whole; the page shows the remainder.
 */
export async function causeLedger(
  stack: PlatformStack,
  clients: readonly ApiClient[],
  debts: readonly Debt[],
  plan: { ledgerRounds: number; ledgerRequests: number },
  onStep: (cause: Cause) => void,
): Promise<Cause[]> {
  const causes: Cause[] = [];
  for (const debt of debts) {
    await stack.restart('monolith-tuned', { DEBTS_PAID: debt.name });
    const targets = tokenTargets(stack, clients);
    const measure = (name: 'legacy' | 'tuned', amount: number) =>
      closedLoop(targets[name].target, { connections: 1, amount });
    await measure('tuned', 1); // warm-up, thrown away
    // Each round's difference is of neighbours in time; the median of those outlives a noisy round.
    const differences: number[] = [];
    const runs: Run[] = [];
    for (let round = 0; round < plan.ledgerRounds; round += 1) {
      const owed = await measure('legacy', plan.ledgerRequests);
      const paid = await measure('tuned', plan.ledgerRequests);
      differences.push(median(owed.latencyMs) - median(paid.latencyMs));
      runs.push(owed, paid);
    }
    const cause: Cause = {
      number: debt.number,
      debt: debt.name,
      summary: debt.summary,
      tunable: debt.tunable,
      ms: median(differences),
      spreadMs: [Math.min(...differences), Math.max(...differences)],
      errors: errorCount(joinRuns(runs)),
    };
    causes.push(cause);
    onStep(cause);
  }
  // `null` would leave the topology's own value: the spare monolith goes back to what it was.
  await stack.restart('monolith-tuned', { DEBTS_PAID: null });
  return causes;
}
