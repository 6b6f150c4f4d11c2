export interface PlatformProcess {
  state: string;
  reason: string;
  /** Null where the process runs elsewhere, as in another container: its CPU and memory cannot be read. */
  pid: number | null;
  url: string;
  urls: Record<string, string>;
}

export interface PlatformStatus {
  processes: Record<string, PlatformProcess>;
  stores: Record<string, { pid: number | null; url: string; source: string }>;
  /** Path of the JSON file with the API clients that the data was seeded with. */
  credentials: string | null;
}

/** A platform that is measured: one that was started for it, or one that runs already. */
export interface Platform {
  readonly status: PlatformStatus;
  /** The process of that name. @throws Error with the reason where it is not ready. */
  process(name: string): PlatformProcess;
  /**
   * Restarts a process with more environment (null takes a variable away) and resolves when it is ready. Null where the
   * platform was running already.
   */
  readonly restart: ((name: string, env: Record<string, string | null>) => Promise<void>) | null;
  /** Stops what was started, and puts back what was changed. */
  stop(): Promise<void>;
}
