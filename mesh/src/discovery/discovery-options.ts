import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Resolve } from './dns.ts';
import type { HealthChange } from './health-check.ts';
import type { Leases } from './leases.ts';
import type { Probe } from './probe.ts';
import type { Registry } from './registry.ts';

/** What discovery works with. */
export interface DiscoveryOptions {
  registry: Registry;
  leases: Leases;
  clock: Clock;
  log: Log;
  resolve: Resolve;
  probe: Probe;
  onHealth?: (change: HealthChange) => void;
}
