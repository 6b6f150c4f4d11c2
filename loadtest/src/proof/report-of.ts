import { commit, machine } from '../measure/machine.ts';
import type { Check, Comparison, Figure, Headline, Report, Stage } from './report-data.ts';
import { verdictOf } from './verdict.ts';

/** A report of stages and checks, for proofs that have no cause ledger. */
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
  }: {
    headline: Headline;
    stages: Stage[];
    checks: Check[];
    notes: string[];
    comparisons?: Comparison[];
    figures?: Figure[];
  },
): Report {
  return {
    scenario,
    title,
    headline,
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
    quick,
    commit: commit(folder),
    seed,
    machine: machine(),
    stages,
    figures,
    causes: [],
    independentMedians: [],
    comparisons,
    residentBytesByProcess: Object.assign({}, ...stages.map((stage) => stage.residentBytesByProcess)),
    notes,
    verdict: verdictOf(checks),
  };
}
