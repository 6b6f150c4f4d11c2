/** What a balancing policy sees of an endpoint. Weights are relative, at least 0; 0 is never chosen unless all are. */
export interface Candidate {
  /** Effective weight: the configured one, slow start applied. */
  weight: number;
  inFlight: number;
}
