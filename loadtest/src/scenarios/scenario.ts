import type { Report } from '../proof/report-data.ts';

export interface ScenarioOptions {
  /** Which of the scenario's subjects is measured; null for a scenario that has one only. */
  subject: string | null;
  quick: boolean;
  seed: number;
  /** Root of the checkout, where `npm start` is. */
  folder: string;
  /** Tells what is going on, one line at a time, while it goes. */
  say: (line: string) => void;
  /** Moves the progress bar: `done` of `total` steps. */
  progress: (done: number, total: number, what: string) => void;
  signal: AbortSignal;
}

/** One proof: starts what it needs, measures, judges, and stops what it started. */
export interface Scenario {
  name: string;
  /** File name of its reports, without ending. `-SUBJECT` is added where it has subjects. */
  file: string;
  summary: string;
  /** What the command line must name one of; absent: the scenario has one subject only. */
  subjects?: { kind: string; names: readonly string[] };
  run(options: ScenarioOptions): Promise<Report>;
}
