import type { Clock, Random } from './clock.ts';
import type { Holds } from './hold/holds.ts';
import type { Log } from './log.ts';
import type { RouteTable } from './routing/table.ts';
import type { MirrorPools } from './service-state/mirror-pools.ts';
import type { Settlers } from './settle/settlers.ts';
import type { ErrorGroups } from './telemetry/error-groups.ts';
import type { Meters } from './telemetry/meters.ts';
import type { Sampler } from './telemetry/sampling.ts';
import type { ShadowRing } from './telemetry/shadows.ts';
import type { Tap } from './telemetry/tap.ts';
import type { TraceListener } from './telemetry/trace.ts';
import type { Forms, NewId } from './telemetry/trace-context.ts';

/** Everything a layer may need, created once per process. */
export interface Parts {
  clock: Clock;
  random: Random;
  log: Log;
  /** One finished line of the access log, line feed included. */
  logLine: (line: string) => void;
  newId: NewId;
  onTrace: TraceListener;
  /** For traces on which no caller has decided. */
  sample: Sampler;
  /** The forms of trace context that every upstream gets. */
  traceForms: Forms;
  errors: ErrorGroups;
  tap: Tap;
  /** Mirrored requests, each beside its original. */
  shadows: ShadowRing;
  mirrorPools: MirrorPools;
  settlers: Settlers;
  holds: Holds;
  /** The newest routes, for requests that began with older ones. Null until a configuration is in force. */
  readonly inForce: { routes: RouteTable | null };
  meters: Meters;
  /** Whether the edge believes X-Forwarded-* from this peer. */
  trustsPeer: (address: string) => boolean;
}

/** What changes with the documents. */
export interface Generation {
  /** Counts up with each configuration. */
  number: number;
  routes: RouteTable;
}
