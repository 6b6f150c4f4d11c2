import type { Cause, Check, Stage, Witness } from '../../proof/report-data.ts';
import { atLeast, below, between, figure, noErrors, witnessesAgree } from '../../proof/verdict.ts';

/**
 * What must hold for the proof to stand. A stage that is missing gives figures that are no numbers, and those fail. The
 * bounds on the monolith are made for the reference data: on other data they are left out.
 */
export function tokenChecks({
  stages,
  witnesses,
  causes = [],
  referenceData = true,
}: {
  stages: readonly Stage[];
  witnesses: readonly Witness[];
  causes?: readonly Cause[];
  referenceData?: boolean;
}): Check[] {
  const p50 = (name: string) =>
    figure(
      stages.find((stage) => stage.name === name),
      'p50Ms',
    );
  const steady = stages.find(({ name }) => name === 'extracted-open-200');
  const ofReferenceData = () => [
    between('legacy p50', p50('legacy'), 350, 700),
    between('tuned p50 as a share of legacy', p50('tuned') / p50('legacy'), 0.4, 0.6, (share) => share.toFixed(2)),
  ];
  return [
    noErrors(stages, causes),
    ...(referenceData ? ofReferenceData() : []),
    atLeast('extracted p50 below legacy', p50('legacy') / p50('extracted'), 100),
    below('extracted p99 at 200 tokens a second', figure(steady, 'p99Ms'), 10),
    below("the mesh's added p50 at 1,000 a second", p50('extracted-open-1000') - p50('extracted-direct-open-1000'), 1),
    ...witnesses.map(witnessesAgree),
  ];
}
