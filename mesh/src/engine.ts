import type { Clock, Random } from './clock.ts';
import type { BackendTrafficPolicy } from './config/policy-model.ts';
import { Registry } from './discovery/registry.ts';
import type { Service } from './discovery/service.ts';
import { Holds } from './hold/holds.ts';
import type { Log } from './log.ts';
import type { Parts } from './parts.ts';
import { trustedPeers } from './server/trusted-peers.ts';
import { balancerOf } from './service-state/balancer.ts';
import { MirrorPools } from './service-state/mirror-pools.ts';
import { occupancyOf } from './service-state/places.ts';
import type { Settings } from './settings.ts';
import { Settlers } from './settle/settlers.ts';
import { endpointGauges } from './telemetry/endpoint-gauges.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import { limitsOf } from './upstream/connections.ts';
import { connectionsTo } from './upstream/http1/pool.ts';

/** Time for the last traces to be exported when the process ends, ms. */
const exportMsMax = 1000;

export interface EngineOptions {
  settings: Settings;
  clock: Clock;
  random: Random;
  log: Log;
  logLine: (line: string) => void;
  /** The endpoints of a service have been set. */
  onEndpoints?: (service: Service) => void;
}

/** What a process needs to send requests to services: telemetry, the parts of every stack, and the registry. */
export function createEngine({ settings, clock, random, log, logLine, onEndpoints }: EngineOptions) {
  const telemetry = createTelemetry(settings, clock);
  const { metrics } = telemetry.parts.meters;
  const connect = (host: string, port: number, policy: BackendTrafficPolicy) =>
    connectionsTo(host, port, { ...limitsOf(policy), headBytesMax: settings.headBytesMax });
  const mirrorPools = new MirrorPools(connect);
  const settlers = new Settlers({ clock, random, log });
  metrics.gauge('mesh_unsettled', 'Processes for which resources have not settled.', ['settles'], () =>
    settlers.list().map(({ key, settled }) => ({ values: [key], value: settled ? 0 : 1 })),
  );
  const holds = new Holds(clock);
  metrics.gauge('mesh_rule_requests_in_flight', 'Requests of a rule in flight.', ['rule'], () =>
    holds.list().map(({ key, inFlight }) => ({ values: [key], value: inFlight })),
  );
  const parts: Parts = {
    clock,
    random,
    log,
    logLine,
    ...telemetry.parts,
    mirrorPools,
    settlers,
    holds,
    inForce: { routes: null },
    trustsPeer: trustedPeers(settings.trustedProxies),
  };
  const registry = new Registry({
    clock,
    connect,
    ...(onEndpoints === undefined ? {} : { onEndpoints }),
    onPolicy: (service) => {
      mirrorPools.follow(service);
      // Requests that wait for a place may have one now.
      occupancyOf(service);
    },
    // Otherwise balancing would still avoid the endpoint for what it did before its health checks took it out.
    onRecovered: (service, endpoint) => balancerOf(service, random).balancer.forgive(endpoint, clock.now()),
    onChange: (change) => {
      log.info(change, 'endpoints changed');
      // Otherwise instances that come and go would use up the places for series.
      const service = change.service.slice(0, change.service.lastIndexOf(':'));
      for (const endpoint of change.removed) metrics.forget('service', service, 'endpoint', endpoint);
    },
  });
  return {
    telemetry,
    metrics,
    parts,
    registry,
    endpointGauges: () => endpointGauges(metrics, registry, clock.now),
    /** Ends every upstream connection, and exports the last traces. */
    async close(): Promise<void> {
      settlers.close();
      holds.close();
      await registry.close();
      await mirrorPools.close();
      await telemetry.close(exportMsMax);
    },
  };
}

export type Engine = ReturnType<typeof createEngine>;
