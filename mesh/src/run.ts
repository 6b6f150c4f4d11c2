import { randomUUID } from 'node:crypto';
import { operationsOf } from './admin/operations.ts';
import { type AdminServer, adminServer } from './admin/server.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import type { MeshConfig } from './config/model.ts';
import type { BackendTrafficPolicy } from './config/policy-model.ts';
import { ControlError } from './control/control-error.ts';
import { Journal } from './control/journal.ts';
import { Mesh } from './control/mesh.ts';
import { weightStore } from './control/weight-store.ts';
import { Leases } from './discovery/leases.ts';
import { httpProbe } from './discovery/probe.ts';
import { Registry } from './discovery/registry.ts';
import { type Resolve, systemResolve } from './discovery/sources.ts';
import type { Entrance } from './exchange.ts';
import type { Handler } from './layer.ts';
import type { Log, Parts } from './layers/parts.ts';
import { createListener, type Listener } from './server/listener.ts';
import { trustedPeers } from './server/trusted-peers.ts';
import { isLoopback, type Settings } from './settings.ts';
import { endpointGauges } from './telemetry/endpoint-gauges.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import type { TraceRing } from './telemetry/trace.ts';
import { connectionsTo } from './upstream/connections.ts';
import { MirrorPools } from './upstream/mirror-pools.ts';

/** For the last traces to be exported when the process ends. */
const exportTimeoutMs = 1000;

/** What documents turned out to be. */
export type DocumentsResult = { config: MeshConfig } | { faults: string[] };

export interface RunOptions {
  settings: Settings;
  /** Reads the documents: at the start and on every reload. */
  documents: () => Promise<DocumentsResult>;
  log: Log;
  /** Takes the finished lines of the access log. */
  logLine: (line: string) => void;
  clock?: Clock;
  random?: Random;
  resolve?: Resolve;
  /** Stands around the whole stack, for tests that must see what the listeners have read. */
  around?: (stack: Handler) => Handler;
}

/** A mesh that runs. */
export interface RunningMesh {
  mesh: Mesh;
  registry: Registry;
  traces: TraceRing;
  /** Port by entrance name. Gateways with several ports appear once per port, as `name` and `name:port`. */
  ports: ReadonlyMap<string, number>;
  adminPort: number;
  /** Reads the documents again. @throws ControlError bad_documents: then nothing has changed */
  reload(who: string, why: string): Promise<void>;
  /** Requests under way, all listeners together. */
  inFlight(): number;
  /** Accepts nothing new, ends what is under way (at most `drainMs`), and closes everything. */
  stop(): Promise<void>;
}

/** The documents that the process was started with are bad: there is nothing to fall back on. */
export class DocumentsError extends Error {
  override readonly name = 'DocumentsError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The documents are not usable:\n${faults.join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Starts everything: documents, discovery, listeners, admin.
 *
 * @throws DocumentsError, or the system's error where a port is taken
 */
export async function runMesh(options: RunOptions): Promise<RunningMesh> {
  const { settings, log } = options;
  const clock = options.clock ?? systemClock;
  const documents = await options.documents();
  if ('faults' in documents) throw new DocumentsError(documents.faults);

  const telemetry = createTelemetry(settings, clock);
  const { traces } = telemetry;
  const { metrics } = telemetry.parts.meters;
  const { errors, tap, shadows } = telemetry.parts;
  const connect = (host: string, port: number, policy: BackendTrafficPolicy) =>
    connectionsTo(host, port, connectionOptions(policy, settings));
  const mirrorPools = new MirrorPools(connect);
  const parts: Parts = {
    clock,
    random: options.random ?? Math.random,
    log,
    logLine: options.logLine,
    ...telemetry.parts,
    mirrorPools,
    trustsPeer: trustedPeers(settings.trustedProxies),
  };
  const registry = new Registry({
    clock,
    connect,
    onChange: (change) => {
      log.info(change, 'endpoints changed');
      // Else instances that come and go would use up the places for series.
      const service = change.service.slice(0, change.service.lastIndexOf(':'));
      for (const endpoint of change.removed) metrics.forget('service', service, 'endpoint', endpoint);
    },
  });
  endpointGauges(metrics, registry, clock.now);

  const leases = new Leases(clock);
  const journal = new Journal(settings.state, clock.wall);
  const mesh = new Mesh(documents.config, {
    parts,
    clock,
    registry,
    journal,
    store: weightStore(settings.state),
    resolve: options.resolve ?? systemResolve,
    leases,
    probe: httpProbe,
  });
  if (!isLoopback(settings.adminHost) && settings.adminToken === null) {
    log.warn({}, 'MESH_ADMIN_TOKEN is not set: beyond loopback, the admin port answers nothing but health');
  }
  if (settings.state === null) log.warn({}, 'MESH_STATE is not set: changes by hand end with the process');
  await mesh.discovered;

  const { around } = options;
  const refused = metrics.counter(
    'http_server_connections_refused_total',
    'Connections on which no request could be made out, by cause.',
    ['entrance', 'reason'],
  );
  const listeners = entrancesOf(documents.config, settings).map(({ entrance, host, port, label }) => ({
    label,
    listener: createListener({
      entrance,
      host,
      port,
      limits: settings,
      clock,
      newId: randomUUID,
      handler: around === undefined ? mesh.handler : () => around(mesh.handler()),
      onRefused: ({ name }, code) => {
        refused(name, code).value += 1;
      },
    }),
  }));

  metrics.gauge('http_server_open_connections', 'Connections of clients open.', ['entrance'], () => {
    const open = new Map<string, number>();
    for (const { listener } of listeners) {
      const { name } = listener.entrance;
      open.set(name, (open.get(name) ?? 0) + listener.connections());
    }
    return [...open].map(([entrance, value]) => ({ values: [entrance], value }));
  });

  let accepting = false;
  const reload = async (who: string, why: string) => {
    const next = await options.documents();
    if ('faults' in next) {
      mesh.refuseDocuments(next.faults, { who, why });
      throw new ControlError('bad_documents', next.faults);
    }
    mesh.replaceDocuments(next.config, { who, why });
  };
  const admin: AdminServer = adminServer(
    operationsOf({
      mesh,
      registry,
      metrics,
      traces,
      errors,
      tap,
      shadows,
      journal,
      reload,
      accepting: () => accepting,
      leases,
      nowMs: clock.now,
    }),
    {
      host: settings.adminHost,
      port: settings.adminPort,
      access: {
        changeToken: settings.adminToken,
        readToken: settings.adminReadToken,
        leaseToken: settings.leaseToken,
        loopback: isLoopback(settings.adminHost),
      },
      log,
    },
  );

  const ports = new Map<string, number>();
  for (const { label, listener } of listeners) ports.set(label, await listener.listen());
  const adminPort = await admin.listen();
  accepting = true;
  telemetry.start(() => ({
    routes: new Set(mesh.config.routes.map(({ name }) => name)),
    services: new Set(mesh.config.services.map(({ name }) => name)),
  }));
  journal.add({
    what: 'started',
    who: 'mesh',
    why: '',
    details: { documents: mesh.status.documentsHash, ports: Object.fromEntries(ports) },
  });

  return {
    mesh,
    registry,
    traces,
    ports,
    adminPort,
    reload,
    inFlight: () => sumInFlight(listeners.map(({ listener }) => listener)),
    async stop() {
      accepting = false;
      await Promise.all(listeners.map(({ listener }) => listener.drain(settings.drainMs)));
      await mesh.close();
      await mirrorPools.close();
      await telemetry.close(exportTimeoutMs);
      await admin.close();
    },
  };
}

function sumInFlight(listeners: readonly Listener[]): number {
  return listeners.reduce((sum, listener) => sum + listener.inFlight(), 0);
}

function connectionOptions(policy: BackendTrafficPolicy, settings: Settings) {
  const { connectMs, idleMs, keepAliveMs } = policy.timeouts;
  return {
    connectTimeoutMs: connectMs,
    idleTimeoutMs: idleMs,
    keepAliveMs,
    connectionsMax: policy.limits.maxConnections,
    headBytesMax: settings.headBytesMax,
  };
}

interface EntranceAddress {
  entrance: Entrance;
  host: string;
  port: number;
  label: string;
}

/** One listener per Gateway, address and port, and the east-west one. */
function entrancesOf(config: MeshConfig, settings: Settings): EntranceAddress[] {
  const found: EntranceAddress[] = [];
  for (const gateway of config.gateways) {
    const hosts = gateway.addresses.length === 0 ? [settings.host] : gateway.addresses;
    const ports = [...new Set(gateway.listeners.map(({ port }) => port))];
    for (const host of hosts) {
      for (const port of ports) {
        const label = found.some((known) => known.label === gateway.name) ? `${gateway.name}:${port}` : gateway.name;
        found.push({ entrance: { name: gateway.name, side: 'north-south', port }, host, port, label });
      }
    }
  }
  const entrance: Entrance = { name: 'internal', side: 'east-west', port: settings.internalPort };
  found.push({ entrance, host: settings.host, port: settings.internalPort, label: 'internal' });
  return found;
}
