/** How much of everything: bounded in count and time, so that a run ends by itself. */
export interface TokenPlan {
  /** Thrown away before anything is measured: load on the fast stages, requests to the slow ones. */
  warmUpMs: number;
  slowWarmUps: number;
  /** Rounds of the four stages and their open loops, interleaved. */
  rounds: number;
  /** Requests a round at one connection, for the slow stages. */
  legacyRequests: number;
  tunedRequests: number;
  /** Length of a round at one connection, for the fast stages. */
  fastMs: number;
  /** The open loop of the slow stages: requests a round. */
  openLoopRequests: number;
  /** How long 200 tokens a second are offered in each round. */
  steadyMs: number;
  /** How long 1,000 requests a second are offered in each round, through the mesh and directly. */
  addedMs: number;
  /**
   * The cause ledger: rounds of each debt, requests in each. Many short rounds, so that a busy minute meets both sides.
   */
  ledgerRounds: number;
  ledgerRequests: number;
}

export const fullPlan: TokenPlan = {
  warmUpMs: 2000,
  slowWarmUps: 3,
  rounds: 5,
  legacyRequests: 12,
  tunedRequests: 20,
  fastMs: 3000,
  openLoopRequests: 5,
  steadyMs: 4000,
  addedMs: 4000,
  ledgerRounds: 9,
  ledgerRequests: 2,
};

export const quickPlan: TokenPlan = {
  warmUpMs: 500,
  slowWarmUps: 1,
  rounds: 3,
  legacyRequests: 3,
  tunedRequests: 4,
  fastMs: 400,
  openLoopRequests: 2,
  steadyMs: 1000,
  addedMs: 500,
  ledgerRounds: 2,
  ledgerRequests: 1,
};
