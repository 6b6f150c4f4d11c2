import type { Stage } from './report-data.ts';

/**
 * Share of the machine (0 to 1) that other processes may take before a failed check says nothing. What the kernel does
 * for the load itself (network, timers) belongs to no process and counts as others' work; that stays below a tenth.
 */
export const othersShareMax = 0.15;

/**
 * Beyond this the open loop could not keep its schedule: the lag is in the latencies, and is the driver's, not the
 * target's.
 */
export const scheduleSlackMs = 5;

/** What disturbed these stages, a sentence each. Empty if nothing did, or if it is unknown (no /proc). */
export function disturbances(stages: readonly Stage[]): string[] {
  return stages.flatMap(({ name, othersCpuShare, sendLagP99Ms }) => [
    ...(othersCpuShare !== null && othersCpuShare > othersShareMax
      ? [`${name}: other processes took ${Math.round(othersCpuShare * 100)} % of the machine`]
      : []),
    ...(sendLagP99Ms !== null && sendLagP99Ms > scheduleSlackMs
      ? [
          `${name}: the driver could not keep its schedule (1 % of the requests ${sendLagP99Ms.toFixed(1)} ms late or more)`,
        ]
      : []),
  ]);
}
