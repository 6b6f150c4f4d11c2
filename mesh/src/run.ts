import { operationsOf } from './admin/operations.ts';
import { type AdminServer, adminServer } from './admin/server.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import type { MeshConfig } from './config/model.ts';
import { ControlError } from './control/control-error.ts';
import { Journal } from './control/journal.ts';
import { Mesh } from './control/mesh.ts';
import { succeed } from './control/succession.ts';
import { weightStore } from './control/weight-store.ts';
import { type Resolve, resolveHost } from './discovery/dns.ts';
import { healthOf } from './discovery/health.ts';
import { Leases } from './discovery/leases.ts';
import { httpProbe } from './discovery/probe.ts';
import type { Registry } from './discovery/registry.ts';
import { createEngine } from './engine.ts';
import { openEntrances, restartNeeded } from './entrances.ts';
import type { Handler } from './layer.ts';
import type { Log } from './log.ts';
import { isLoopback, type Settings } from './settings.ts';
import type { TraceRing } from './telemetry/trace.ts';
import type { Fleet } from './workers/fleet.ts';
import type { KnownEndpoints } from './workers/messages.ts';
import { mergedOperations, workerOperations } from './workers/operations.ts';

/** For the last traces to be exported when the process ends. */
const exportTimeoutMs = 1000;

/** What documents turned out to be. */
export type DocumentsResult =
  | {
      config: MeshConfig;
      warnings?: string[];
      /** Those of the warnings that are about references that lead nowhere. */
      unresolved?: string[];
    }
  | { faults: string[] };

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
  /** Resolves when the admin port is ours: at once, or when a predecessor has ended (`reusePort`). */
  adminListens: Promise<number>;
  /** Reads the documents again. @throws ControlError bad_documents: then nothing has changed */
  reload(who: string, why: string): Promise<void>;
  /**
   * Replaces the workers one after the other, losing no request; resolves when all are new.
   *
   * @throws ControlError invalid where there are none; Error where a new one cannot start: then the old ones stay
   */
  restart(who: string, why: string): Promise<void>;
  /** Requests under way in this process, all listeners together. */
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

  const { workers } = settings;
  /** Set where workers do the work: then this process only controls. */
  let fleet: Fleet | null = null;
  const publish = () => fleet?.publish();
  const engine = createEngine({
    settings,
    clock,
    random: options.random ?? Math.random,
    log,
    logLine: options.logLine,
    ...(workers > 0 ? { onEndpoints: publish } : {}),
  });
  const { telemetry, metrics, parts, registry, mirrorPools } = engine;
  const { traces } = telemetry;
  const { errors, tap, shadows } = parts;
  if (workers === 0) engine.endpointGauges();

  /** The documents by which ports are listened on: those of the start, or of the last restart of the workers. */
  let listening = documents.config;
  const leases = new Leases(clock);
  const journal = new Journal(settings.state, clock.wall);
  const mesh = new Mesh(documents.config, {
    parts,
    clock,
    registry,
    journal,
    store: weightStore(settings.state),
    resolve: options.resolve ?? resolveHost,
    leases,
    probe: httpProbe,
    restartNeeded: (next) => restartNeeded(listening, next, settings),
    ...(workers > 0 ? { onHealth: publish, onChange: publish } : {}),
  });
  mesh.noteUnresolved(documents.unresolved ?? []);
  warnOf(documents, log);
  if (!isLoopback(settings.adminHost) && settings.adminToken === null) {
    log.warn({}, 'MESH_ADMIN_TOKEN is not set: beyond loopback, the admin port answers nothing but health');
  }
  if (settings.state === null) log.warn({}, 'MESH_STATE is not set: changes by hand end with the process');
  await mesh.discovered;

  const { around } = options;
  const handler = around === undefined ? mesh.handler : () => around(mesh.handler());
  const entrances = workers > 0 ? null : openEntrances(documents.config, { settings, clock, metrics, handler });
  if (workers > 0) {
    // Loaded here: a mesh of one process has no use for node:cluster.
    const { Fleet } = await import('./workers/fleet.ts');
    fleet = new Fleet({
      settings,
      clock,
      log,
      metrics,
      state: () => ({ config: mesh.config, generation: mesh.status.generation, endpoints: knownEndpoints(registry) }),
      onDeath: (details) => journal.add({ what: 'worker died', who: 'mesh', why: details.reason, details }),
    });
  }

  let accepting = false;
  const reload = async (who: string, why: string) => {
    const next = await options.documents();
    if ('faults' in next) {
      mesh.refuseDocuments(next.faults, { who, why });
      throw new ControlError('bad_documents', next.faults);
    }
    warnOf(next, log);
    mesh.replaceDocuments(next.config, { who, why });
    mesh.noteUnresolved(next.unresolved ?? []);
    await fleet?.settled();
  };
  const restart = async (who: string, why: string) => {
    if (fleet === null) throw new ControlError('invalid', ['this mesh has no workers to replace']);
    // A second call joins the replacement that is under way, and adds nothing to the journal.
    if (fleet.replacement.underWay) return fleet.replace();
    const { config } = mesh;
    const before = fleet.list().map(({ pid }) => pid);
    try {
      await fleet.replace();
    } catch (thrown) {
      const { message } = thrown as Error;
      journal.add({ what: 'workers not replaced', who, why, details: { failure: message, workers: fleet.list() } });
      throw thrown;
    }
    journal.add({ what: 'workers replaced', who, why, details: { before, workers: fleet.list() } });
    listening = config;
    mesh.restarted();
    log.info({ who, why }, 'workers replaced');
  };
  const restartSoon = (who: string, why: string) => {
    restart(who, why).catch((thrown) => log.error({ err: thrown }, 'workers not replaced: the old ones stay'));
  };
  const operations = [
    ...operationsOf({
      mesh,
      registry,
      metrics,
      traces,
      errors,
      tap,
      shadows,
      journal,
      reload,
      accepting: () => accepting && (fleet === null || fleet.ready > 0),
      leases,
      nowMs: clock.now,
    }),
    ...workerOperations(fleet, restartSoon),
  ];
  const admin: AdminServer = adminServer(fleet === null ? operations : mergedOperations(operations, fleet, clock.now), {
    host: settings.adminHost,
    port: settings.adminPort,
    names: settings.adminNames,
    access: {
      changeToken: settings.adminToken,
      readToken: settings.adminReadToken,
      leaseToken: settings.leaseToken,
      loopback: isLoopback(settings.adminHost),
    },
    log,
  });

  const succession = settings.reusePort
    ? await succeed({
        url: `http://${settings.adminHost}:${settings.adminPort}`,
        token: settings.adminToken ?? settings.adminReadToken,
        leases,
        clock,
        log,
        listen: admin.listen,
      })
    : null;
  const ports = fleet === null ? ((await entrances?.listen()) ?? new Map<string, number>()) : await fleet.start();
  const adminListens = succession?.admin ?? admin.listen();
  const adminPort = succession === null ? await adminListens : (succession.taken ?? settings.adminPort);
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
    adminListens,
    reload,
    restart,
    inFlight: () => entrances?.inFlight() ?? 0,
    async stop() {
      accepting = false;
      succession?.stop();
      await (fleet === null ? entrances?.drain() : fleet.stop());
      await mesh.close();
      await mirrorPools.close();
      await telemetry.close(exportTimeoutMs);
      await admin.close();
    },
  };
}

function warnOf(documents: DocumentsResult, log: Log): void {
  if ('config' in documents) {
    for (const warning of documents.warnings ?? []) log.warn({ warning }, 'a warning on the documents');
  }
}

/** What discovery and health checks know, for workers that have neither. */
function knownEndpoints(registry: Registry): KnownEndpoints[] {
  return registry.services().map(({ name, port, endpoints }) => ({
    service: name,
    port,
    endpoints: endpoints.map((endpoint) => {
      const { state: health, last: lastCheck } = healthOf(endpoint);
      return { host: endpoint.host, port: endpoint.port, weight: endpoint.weight, health, lastCheck };
    }),
  }));
}
