import { commit, machine } from '../measure/machine.ts';
import type { Check, Headline, Report, Stage } from './report-data.ts';
import { verdictOf } from './verdict.ts';

/** What only some proofs have. */
type Extras = Partial<
  Pick<Report, 'comparisons' | 'figures' | 'causes' | 'paidDebts' | 'independentMedians' | 'tookMs'>
>;

/**
 * A report of stages and checks, and of what else the proof has.
 *
 * @param stores what each store is, by name, where the proof has any
 */
export function reportOf(
  scenario: string,
  title: string,
  startedAt: Date,
  { quick, seed, folder }: { quick: boolean; seed: number; folder: string },
  {
    headline,
    stages,
    checks,
    notes,
    comparisons = [],
    figures = [],
    causes = [],
    paidDebts = [],
    independentMedians = [],
    tookMs = Date.now() - startedAt.getTime(),
    stores = {},
  }: Extras & {
    headline: Headline;
    stages: Stage[];
    checks: Check[];
    notes: string[];
    stores?: Record<string, string>;
  },
): Report {
  return {
    scenario,
    title,
    headline,
    startedAt: startedAt.toISOString(),
    tookMs,
    quick,
    commit: commit(folder),
    seed,
    machine: machine(stores),
    stages,
    figures,
    causes,
    paidDebts,
    independentMedians,
    comparisons,
    residentBytesByProcess: Object.assign({}, ...stages.map((stage) => stage.residentBytesByProcess)),
    notes,
    verdict: verdictOf(checks),
  };
}
