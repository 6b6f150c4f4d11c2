import type { Clock, Random } from '../clock.ts';
import type { RouteTable } from '../routing/table.ts';
import type { ErrorGroups } from '../telemetry/error-groups.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Sampler } from '../telemetry/sampling.ts';
import type { ShadowRing } from '../telemetry/shadows.ts';
import type { Tap } from '../telemetry/tap.ts';
import type { TraceListener } from '../telemetry/trace.ts';
import type { Forms, NewId } from '../telemetry/trace-context.ts';
import type { MirrorPools } from '../upstream/mirror-pools.ts';

/** Structured log lines. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Everything a layer may need, made once per process. */
export interface Parts {
  clock: Clock;
  random: Random;
  log: Log;
  /** One finished line of the access log, line feed included. */
  logLine: (line: string) => void;
  newId: NewId;
  onTrace: TraceListener;
  /** For traces that no caller has decided on. */
  sample: Sampler;
  /** The forms of trace context that every upstream gets. */
  traceForms: Forms;
  errors: ErrorGroups;
  tap: Tap;
  /** Mirrored requests beside those that they are copies of. */
  shadows: ShadowRing;
  mirrorPools: MirrorPools;
  meters: Meters;
  /** Whether X-Forwarded-* of this peer is believed at the edge. */
  trustsPeer: (address: string) => boolean;
}

/** What the stack counts; families are made once and outlive every stack. */
export interface Meters {
  readonly metrics: Metrics;
  readonly requests: ReturnType<Metrics['counter']>;
  readonly requestDurations: ReturnType<Metrics['durations']>;
  readonly failures: ReturnType<Metrics['counter']>;
  readonly attempts: ReturnType<Metrics['counter']>;
  readonly attemptDurations: ReturnType<Metrics['durations']>;
  readonly breakerTrips: ReturnType<Metrics['counter']>;
  readonly retries: ReturnType<Metrics['counter']>;
  readonly retriesDenied: ReturnType<Metrics['counter']>;
  readonly hedges: ReturnType<Metrics['counter']>;
  readonly sessions: ReturnType<Metrics['counter']>;
  readonly overrides: ReturnType<Metrics['counter']>;
  readonly failovers: ReturnType<Metrics['counter']>;
  readonly shadows: ReturnType<Metrics['counter']>;
  readonly shadowSkips: ReturnType<Metrics['counter']>;
  readonly shadowDurations: ReturnType<Metrics['durations']>;
  /** What is left of each service's retry budget, by service. */
  readonly retryBudgets: Map<string, () => number>;
  /** Client requests under way, by entrance. */
  readonly active: Map<string, number>;
}

/** What changes with the documents. */
export interface Generation {
  /** Counts up with each configuration. */
  number: number;
  routes: RouteTable;
}
