/** How one aggregate differs, in the words of the owner's side. */
export interface Divergence {
  key: string;
  kind: 'missing' | 'extra' | 'different';
}

/** The comparison of both sides of a resource. */
export interface ParityReport {
  resource: string;
  /** ISO 8601. */
  at: string;
  /** Aggregates on the owner's side. */
  compared: number;
  ranges: number;
  /** Aggregates that the follower got while they were compared. */
  lagging: number;
  /** Aggregates that changed while they were compared: they agree now, or have not stopped changing. */
  raced: number;
  /** Aggregates that differ although the owner's did not change meanwhile. */
  divergent: number;
  /** The first of them, at most 1,000. */
  listed: readonly Divergence[];
  clean: boolean;
}
