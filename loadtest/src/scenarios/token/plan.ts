/** How much of everything: bounded in count and time, so that a run ends by itself. */
export interface TokenPlan {
  /** Rounds of the four stages, interleaved. */
  rounds: number;
  /** Requests a round at one connection, for the slow stages. */
  legacyRequests: number;
  tunedRequests: number;
  /** Length of a round at one connection, for the fast stages. */
  fastMs: number;
  /** Open-loop witness of the slow stages: requests. */
  witnessRequests: number;
  /** Offered 200 tokens a second for so long. */
  steadyMs: number;
  /** Offered 1,000 a second for so long, through the mesh and past it, in turns. */
  addedMs: number;
  addedRounds: number;
  /** The cause ledger: rounds of each debt, requests in each. */
  ledgerRounds: number;
  ledgerRequests: number;
}

export const fullPlan: TokenPlan = {
  rounds: 5,
  legacyRequests: 12,
  tunedRequests: 20,
  fastMs: 3000,
  witnessRequests: 25,
  steadyMs: 15_000,
  addedMs: 4000,
  addedRounds: 5,
  ledgerRounds: 3,
  ledgerRequests: 6,
};

export const quickPlan: TokenPlan = {
  rounds: 3,
  legacyRequests: 4,
  tunedRequests: 6,
  fastMs: 600,
  witnessRequests: 6,
  steadyMs: 3000,
  addedMs: 800,
  addedRounds: 3,
  ledgerRounds: 1,
  ledgerRequests: 4,
};
