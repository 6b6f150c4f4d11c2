import { closedLoop } from '../../drivers/closed-loop.ts';
import { median } from '../../measure/latencies.ts';
import { allLatencies, errorCount, joinRuns } from '../../measure/run.ts';
import type { ApiClient } from '../../platform/clients.ts';
import type { Debt } from '../../platform/debts.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Cause } from '../../proof/report-data.ts';
import { measureWindow, type Window } from '../../proof/stage.ts';
import { type TokenTarget, tokenTargets } from './targets.ts';

/**
 * What each debt on the token's path costs: the spare monolith is started with that one debt paid, measured alternately
 * with the legacy one, and the medians are subtracted. Debts overlap (a scan that is not made cannot be counted twice),
 * so the parts need not add up to the whole; the page shows the remainder.
 */
export async function causeLedger(
  stack: Platform,
  clients: readonly ApiClient[],
  debts: readonly Debt[],
  plan: { ledgerRounds: number; ledgerRequests: number },
  signal: AbortSignal,
  onStep: (cause: Cause) => void,
): Promise<Cause[]> {
  const causes: Cause[] = [];
  // A platform that was running already is not restarted.
  if (stack.restart === null) return causes;
  for (const debt of debts) {
    await stack.restart('monolith-tuned', { DEBTS_PAID: debt.name });
    const targets = tokenTargets(stack, clients);
    const measure = ({ target, watched }: TokenTarget, amount: number) =>
      measureWindow(watched, () => closedLoop(target, { connections: 1, amount }, signal));
    // Warm-up, thrown away. As many as a round: a debt may be paid for each client at its first request.
    await measure(targets.tuned, plan.ledgerRequests);
    const rounds: Round[] = [];
    for (let round = 0; round < plan.ledgerRounds; round += 1) {
      const owed = await measure(targets.legacy, plan.ledgerRequests);
      rounds.push({ owed, paid: await measure(targets.tuned, plan.ledgerRequests) });
    }
    const cause = causeOf(debt, rounds);
    causes.push(cause);
    onStep(cause);
  }
  return causes;
}

interface Round {
  owed: Window;
  paid: Window;
}

/** The price of a debt from rounds measured with it owed and paid, each pair neighbors in time. */
export function causeOf({ number, name, summary, tunable }: Debt, rounds: readonly Round[]): Cause {
  // The median of the differences, not the difference of the medians: a noisy round spoils one pair.
  const differences = rounds.map(({ owed, paid }) => median(allLatencies(owed.run)) - median(allLatencies(paid.run)));
  const owedCpuMs = cpuMsPerRequest(rounds.map(({ owed }) => owed));
  const paidCpuMs = cpuMsPerRequest(rounds.map(({ paid }) => paid));
  return {
    number,
    debt: name,
    summary,
    tunable,
    ms: median(differences),
    spreadMs: [Math.min(...differences), Math.max(...differences)],
    cpuMs: owedCpuMs === null || paidCpuMs === null ? null : owedCpuMs - paidCpuMs,
    errors: errorCount(joinRuns(rounds.flatMap(({ owed, paid }) => [owed.run, paid.run]))),
  };
}

/** Of all watched processes, over all windows: /proc counts in steps of 10 ms, too coarse for one. */
function cpuMsPerRequest(windows: readonly Window[]): number | null {
  const used = windows.flatMap(({ cpuUs }) => Object.values(cpuUs));
  const requests = windows.reduce((total, { run }) => total + run.latencyMs.length, 0);
  return used.length === 0 || requests === 0 ? null : used.reduce((total, us) => total + us, 0) / requests / 1000;
}
