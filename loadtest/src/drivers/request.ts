/** The requests that a driver sends, in turn; all to one origin. */
export interface Target {
  /** Origin, such as `http://127.0.0.1:8080`. Loopback only. */
  url: string;
  /** The open loop only: several origins that take turns, as a client does that has a list of instances and nothing else. */
  urls?: readonly string[];
  requests: readonly TargetRequest[];
}

export interface TargetRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** Load goes to this machine only: a figure from across a network is another figure, and another's server no target. */
export function assertLoopback(url: string): void {
  const { hostname } = new URL(url);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  if (!loopback) throw new Error(`${url}: load goes to loopback addresses only`);
}
