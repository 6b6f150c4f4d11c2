/** The launcher's events, in order: one JSON line each with `--json`. */
export type StackEvent =
  | { event: 'preparing'; process: string; text: string }
  | { event: 'starting'; process: string; pid: number }
  | { event: 'ready'; process: string; pid: number; url: string | null; ms: number }
  | { event: 'done'; process: string; ms: number; lastLine: string }
  | { event: 'exited'; process: string; pid: number; code: number | null; signal: string | null; lastLine: string }
  | { event: 'restarted'; process: string; pid: number; url: string | null; ms: number }
  | { event: 'stopped'; process: string }
  | { event: 'down'; process: string; reason: string }
  | { event: 'port-taken'; process: string; port: number; instead: number }
  | { event: 'database-cloned'; from: string; to: string; ms: number };

export type Emit = (event: StackEvent) => void;
