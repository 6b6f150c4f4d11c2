import type { Cause, Check, IndependentMedians, Stage } from '../../proof/report-data.ts';
import { atLeast, atMost, between, figure, mediansAgree, noErrors } from '../../proof/verdict.ts';

/** The open loop that the independent median of each stage is measured with. */
const openLoopOf: Record<string, string> = {
  legacy: 'legacy-open',
  tuned: 'tuned-open',
  extracted: 'extracted-open-1000',
};

/**
 * What must hold for the proof to stand: ratios only, so that the speed of the machine cancels out. A stage that is
 * missing gives figures that are no numbers, and those fail. The share of the tuned monolith is a property of the
 * reference data: on other data it is left out.
 */
export function tokenChecks({
  stages,
  independentMedians,
  causes = [],
  referenceData = true,
}: {
  stages: readonly Stage[];
  independentMedians: readonly IndependentMedians[];
  causes?: readonly Cause[];
  referenceData?: boolean;
}): Check[] {
  const at = (name: string) => stages.find((stage) => stage.name === name);
  const [legacy, tuned, extracted] = [at('legacy'), at('tuned'), at('extracted')];
  const [steady, floor] = [at('extracted-open-200'), at('floor-open-200')];
  const [through, past] = [at('extracted-open-1000'), at('extracted-direct-open-1000')];
  const ratio = (one: Stage | undefined, other: Stage | undefined, name: 'p50Ms' | 'p99Ms' = 'p50Ms') =>
    figure(one, name) / figure(other, name);
  const added = figure(through, 'p50Ms') - figure(past, 'p50Ms');
  const share = (value: number) => value.toFixed(2);
  const belowSaturation = (check: Check) => saturated(check, through, extracted);
  return [
    noErrors(stages, causes),
    ...(referenceData
      ? [between('tuned p50 as a share of legacy', ratio(tuned, legacy), [0.4, 0.6], [tuned, legacy], share)]
      : []),
    atLeast('extracted p50 below legacy', ratio(legacy, extracted), 100, [legacy, extracted]),
    atMost("extracted p99 at 200 tokens a second, to the floor's", ratio(steady, floor, 'p99Ms'), floorTimesMax, [
      steady,
      floor,
    ]),
    belowSaturation(
      atMost(
        "the mesh's added p50 at 1,000 a second, to the path without it",
        added / figure(past, 'p50Ms'),
        addedTimesMax,
        [through, past],
      ),
    ),
    ...independentMedians.map((medians) => {
      const check = mediansAgree(medians, [at(medians.stage), at(openLoopOf[medians.stage] ?? '')]);
      return medians.stage === 'extracted' ? belowSaturation(check) : check;
    }),
  ];
}

/**
 * A signature, a row of the store and two hops beside a server that does nothing, at the slowest of a hundred requests.
 */
const floorTimesMax = 20;

/** The mesh takes no longer than the service that it fronts. */
const addedTimesMax = 1;

/** Share of what one connection carries. Above it, requests of an open loop wait for each other often enough to show. */
const loadShareMax = 0.5;

/**
 * A failed check of an open loop whose rate is near saturation on this machine says nothing: its medians hold waiting that
 * the closed loop does not have.
 */
function saturated(check: Check, open: Stage | undefined, closed: Stage | undefined): Check {
  const [offered, carried] = [open?.offeredPerSecond ?? 0, closed?.requestsPerSecond ?? 0];
  if (check.outcome !== 'fail' || carried === 0 || offered <= loadShareMax * carried) return check;
  const why = `${open?.name}: ${offered} requests a second are more than half of the ${Math.round(carried)} that one connection carries on this machine`;
  return { ...check, outcome: 'inconclusive', disturbances: [...check.disturbances, why] };
}
