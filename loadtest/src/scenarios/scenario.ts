import type { Report } from '../proof/report-data.ts';

export interface ScenarioOptions {
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
  /** File name of its reports, without ending. */
  file: string;
  summary: string;
  run(options: ScenarioOptions): Promise<Report>;
}
