/** How much of everything: bounded in count and time, so that a run ends by itself. */
export interface JourneysPlan {
  /** Thrown away, of each side and journey. */
  warmUps: number;
  /** Journeys a second, rising: a side climbs until it breaks its limit. */
  ladder: readonly number[];
  /** Length of one rung. */
  rungMs: number;
  /** Journeys of each side at the rate where both hold, in all rounds: p99 of a step takes 368, p95 takes 72. */
  compared: number;
  /** The same of an administrator's. */
  comparedWork: number;
  rounds: number;
}

export const fullPlan: JourneysPlan = {
  warmUps: 20,
  ladder: [0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96],
  rungMs: 20_000,
  compared: 372,
  comparedWork: 372,
  rounds: 3,
};

export const quickPlan: JourneysPlan = {
  warmUps: 3,
  ladder: [0.5, 1, 2, 4, 8, 16, 32, 64],
  rungMs: 5_000,
  compared: 24,
  comparedWork: 24,
  rounds: 2,
};

/** A request that takes longer breaks the side's limit, where more than one in a hundred does. */
export const limitMs = 1_000;
/** Of the rate that the slower side holds: both are compared well below saturation. */
export const comparedShare = 0.6;
