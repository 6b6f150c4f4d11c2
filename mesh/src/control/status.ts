/** What is in force, and whether the last documents were. */
export interface MeshStatus {
  /** Counts up with each change that took effect. */
  generation: number;
  /** Of the documents in force, without the weights set by hand. */
  documentsHash: string;
  since: string;
  /** Why the last documents offered were refused; empty when they were taken. */
  refused: string[];
  /** What of the documents is in force only after a restart: listening ports. */
  restartNeeded: string[];
  /** References in the documents in force that lead nowhere. */
  unresolved: string[];
}
