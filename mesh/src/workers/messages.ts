import type { MeshConfig } from '../config/model.ts';
import type { EndpointAddress } from '../discovery/endpoint.ts';
import type { HealthState } from '../discovery/health.ts';
import type { Hold } from '../hold/holds.ts';
import type { Settings } from '../settings.ts';
import type { MetricsCopy } from '../telemetry/metrics.ts';

/** The endpoints of one service port, as the primary's discovery and health checks know them. */
export interface KnownEndpoints {
  service: string;
  port: number;
  endpoints: (EndpointAddress & { health: HealthState; lastCheck: string })[];
}

/** What a worker has to have in force. */
export interface WorkerState {
  /** Counts up with each state; the worker confirms it. */
  number: number;
  generation: number;
  /** With this worker's share of rates and limits. Null = as before. */
  config: MeshConfig | null;
  endpoints: KnownEndpoints[];
  /** With this worker's share of the requests that may wait. */
  holds: Hold[];
}

/** From the primary to a worker. */
export type ToWorker =
  | { kind: 'start'; settings: Settings; state: WorkerState }
  | { kind: 'state'; state: WorkerState }
  /** A read operation of the admin API, by its path as the operation has it. */
  | { kind: 'ask'; id: number; path: string; params: Record<string, string>; query: string }
  | { kind: 'metrics'; id: number }
  /** What is settled under this key may not have settled; the reply says that the worker knows. */
  | { kind: 'unsettled'; id: number; key: string }
  /** Every worker knows what `unsettled` of that id has told. */
  | { kind: 'told'; id: number }
  | { kind: 'tap'; id: number; query: string }
  | { kind: 'untap'; id: number }
  /** Begins the next period of what is called recent, in all workers at once. */
  | { kind: 'rotate' }
  /** Accept nothing more, end what is under way, send `bye` and exit. */
  | { kind: 'drain' };

/** From a worker to the primary. */
export type FromWorker =
  /** The program runs and can be told to start. */
  | { kind: 'hello' }
  /** The worker listens. */
  | { kind: 'ready'; ports: [string, number][] }
  /** The worker could not start. */
  | { kind: 'failed'; message: string; code: string | null }
  /** The state of that number is in force. */
  | { kind: 'confirmed'; number: number }
  /** The state of that number could not be put in force. */
  | { kind: 'refused'; number: number; message: string }
  | { kind: 'reply'; id: number; json: unknown }
  /** All other workers must know that what is settled under this key may not have settled. */
  | { kind: 'unsettled'; id: number; key: string }
  | { kind: 'metrics'; id: number; metrics: MetricsCopy }
  | { kind: 'line'; id: number; line: string }
  /** The worker has drained: what it has counted in its life. */
  | { kind: 'bye'; metrics: MetricsCopy };
