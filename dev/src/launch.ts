/** How to start an operating system process, and how to tell that it is ready. */
export interface Launch {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  stopSignal: NodeJS.Signals;
  /** Signal the whole process group, so that the children of the process end too. */
  signalGroup: boolean;
  stopGraceMs: number;
  /**
   * One readiness check, repeated by the supervisor; throws when another check cannot help. Null: the process is ready
   * as soon as it has started.
   */
  ready: (() => Promise<boolean>) | null;
}
