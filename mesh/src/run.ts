import { operationsOf } from './admin/operations.ts';
import { adminServer } from './admin/server.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import type { MeshConfig } from './config/model.ts';
import { ControlError } from './control/control-error.ts';
import { ControlPlane, type DocumentFindings } from './control/control-plane.ts';
import { HoldPlan } from './control/hold-plan.ts';
import { Journal } from './control/journal.ts';
import { LeaseStore } from './control/lease-store.ts';
import { succeed } from './control/succession.ts';
import { weightStore } from './control/weight-store.ts';
import type { DataPlane } from './data-plane.ts';
import { type Resolve, resolveHost } from './discovery/dns.ts';
import { Leases } from './discovery/leases.ts';
import { httpProbe } from './discovery/probe.ts';
import type { Registry } from './discovery/registry.ts';
import { createEngine, type Engine } from './engine.ts';
import { openEntrances, restartNeeded } from './entrances.ts';
import { inProcess } from './in-process.ts';
import type { Handler } from './layer.ts';
import type { Log } from './log.ts';
import type { Parts } from './parts.ts';
import { isLoopback, type Settings } from './settings.ts';
import type { TraceRing } from './telemetry/trace.ts';

/** The result of reading the documents. */
export type DocumentsResult = ({ config: MeshConfig; warnings?: string[] } & DocumentFindings) | { faults: string[] };

export interface RunOptions {
  settings: Settings;
  /** Reads the documents: at the start and on every reload. */
  documents: () => Promise<DocumentsResult>;
  log: Log;
  /** Receives the finished lines of the access log. */
  logLine: (line: string) => void;
  clock?: Clock;
  random?: Random;
  resolve?: Resolve;
  /** Wraps the whole stack, for tests that must see what the listeners have read. */
  around?: (stack: Handler) => Handler;
}

/** A mesh that runs. */
export interface RunningMesh {
  mesh: ControlPlane;
  registry: Registry;
  /** What the layers use. */
  parts: Parts;
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

/** The documents at the start are bad, and no earlier ones are in force. */
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

  let dataPlane: DataPlane | null = null;
  const publish = () => dataPlane?.publish();
  const engine = createEngine({
    settings,
    clock,
    random: options.random ?? Math.random,
    log,
    logLine: options.logLine,
    onEndpoints: publish,
  });
  const { telemetry, metrics, parts, registry } = engine;
  const leaseStore = settings.state === null ? null : new LeaseStore(settings.state, { clock, log });
  const leases = new Leases(clock, (renewed) => leaseStore?.save(leases.list(), renewed));
  const journal = new Journal(settings.state, clock.wall);
  const mesh = new ControlPlane(documents.config, {
    parts,
    clock,
    registry,
    journal,
    store: weightStore(settings.state),
    resolve: options.resolve ?? resolveHost,
    leases,
    probe: httpProbe,
    restartNeeded: (listening, next) => restartNeeded(listening, next, settings),
    onHealth: publish,
    onChange: publish,
  });
  leases.restore(leaseStore?.load() ?? []);
  const holds = new HoldPlan({
    mesh,
    clock,
    journal,
    log,
    onChange: () => {
      parts.holds.adopt(holds.list());
      publish();
    },
  });
  mesh.noteFindings(documents);
  warnOf(documents, log);
  warnOfSettings(settings, log);
  await mesh.discovered;

  const plane = await dataPlaneOf(documents.config, { options, clock, engine, mesh, holds, journal });
  dataPlane = plane;
  const reload = async (who: string, why: string) => {
    const next = await options.documents();
    if ('faults' in next) {
      mesh.refuseDocuments(next.faults, { who, why });
      throw new ControlError('bad_documents', next.faults);
    }
    warnOf(next, log);
    mesh.replaceDocuments(next.config, { who, why });
    mesh.noteFindings(next);
    await plane.settled();
  };
  let accepting = false;
  const operations = operationsOf({
    mesh,
    registry,
    metrics,
    traces: telemetry.traces,
    serviceSpans: telemetry.serviceSpans,
    errors: parts.errors,
    tap: parts.tap,
    shadows: parts.shadows,
    journal,
    holds,
    inProcess: parts.holds,
    settlers: parts.settlers,
    reload,
    accepting: () => accepting && plane.ready(),
    leases,
    nowMs: clock.now,
  });
  const admin = adminServer(plane.operations(operations), adminOptions(settings, log));

  const succession = settings.reusePort ? await succeed({ settings, leases, clock, log, listen: admin.listen }) : null;
  const ports = await plane.listen();
  const adminListens = succession?.admin ?? admin.listen();
  const adminPort = succession === null ? await adminListens : (succession.taken ?? settings.adminPort);
  accepting = true;
  telemetry.start(mesh.inForce.named);
  journal.add({
    what: 'started',
    who: 'mesh',
    why: '',
    details: { documents: mesh.status.documentsHash, ports: Object.fromEntries(ports) },
  });

  return {
    mesh,
    registry,
    parts,
    traces: telemetry.traces,
    ports,
    adminPort,
    adminListens,
    reload,
    restart: plane.restart,
    inFlight: plane.inFlight,
    async stop() {
      accepting = false;
      succession?.stop();
      await plane.drain();
      holds.close();
      mesh.close();
      await engine.close();
      await admin.close();
    },
  };
}

interface DataPlaneParts {
  options: RunOptions;
  clock: Clock;
  engine: Engine;
  mesh: ControlPlane;
  holds: HoldPlan;
  journal: Journal;
}

async function dataPlaneOf(config: MeshConfig, { options, clock, engine, mesh, holds, journal }: DataPlaneParts) {
  const { settings, log, around } = options;
  const { metrics, registry } = engine;
  if (settings.workers > 0) {
    // Imported here: a mesh of one process has no use for node:cluster.
    const { inWorkers } = await import('./workers/in-workers.ts');
    return inWorkers({ settings, clock, log, metrics, mesh, holds, registry, journal });
  }
  engine.endpointGauges();
  const inForce = mesh.inForce.handler;
  const handler = around === undefined ? inForce : () => around(inForce());
  return inProcess(openEntrances(config, { settings, clock, metrics, handler }));
}

function adminOptions(settings: Settings, log: Log) {
  return {
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
  };
}

function warnOfSettings(settings: Settings, log: Log): void {
  if (!isLoopback(settings.adminHost) && settings.adminToken === null) {
    log.warn({}, 'MESH_ADMIN_TOKEN is not set: beyond loopback, the admin port serves health only');
  }
  if (settings.state === null) log.warn({}, 'MESH_STATE is not set: changes by hand end with the process');
}

function warnOf(documents: DocumentsResult, log: Log): void {
  if ('config' in documents) {
    for (const warning of documents.warnings ?? []) log.warn({ warning }, 'a warning on the documents');
  }
}
