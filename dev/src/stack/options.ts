import type { Emit } from './events.ts';

export interface StackOptions {
  /** The Compose file; the checkout's own by default. */
  composeFile?: string;
  /** Name of the stack: its folder below `dataDir`. */
  stack?: string;
  /** Folder that holds the stacks; `.banyan` of the checkout by default. */
  dataDir?: string;
  /** Start only these services and their dependencies. */
  only?: readonly string[];
  /** Together with what makes them useful: the services of a shop with its edge and its monolith. */
  accompanied?: boolean;
  /** Where resources are put at the start; without it, only those that never moved go to their services. */
  stage?: 'services' | 'monolith';
  profiles?: readonly string[];
  /**
   * `compose`: the ports of the file where they are free. `auto`: other ports, so that several stacks run side by side.
   */
  ports?: 'compose' | 'auto';
  /** Size of the data that an empty platform is seeded with. */
  size?: 'small' | 'reference';
  /** Environment by process; overrides that of the file. */
  env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Variables for the Compose file, such as `POSTGRES_URL`; the launcher's own environment by default. */
  variables?: Readonly<Record<string, string | undefined>>;
  /** Delete the stack's folder after it stopped, and run the stores without durability. */
  throwaway?: boolean;
  /** Limit for each process to become ready and for each task to end, in milliseconds. */
  readyTimeoutMs?: number;
  /** First pause before a crashed process starts again, in milliseconds. */
  firstPauseMs?: number;
  onEvent?: Emit;
  /** Ends the start-up; `startStack` then stops what it started and rejects. */
  signal?: AbortSignal;
}
