import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloneDatabase } from '../clone-database.ts';
import { DevError } from '../errors.ts';
import type { StoreContext } from '../stores/driver.ts';
import type { Addresses } from '../topology/addresses.ts';
import { planPorts } from '../topology/ports.ts';
import { isStore, type ServiceSpec, serviceNamed, type Topology } from '../topology/topology.ts';
import { type Cause, causesOf, eachOnce, needsText, partsOf } from './causes.ts';
import { claimFolder } from './claim-folder.ts';
import { Control } from './control.ts';
import { credentialsFile } from './credentials.ts';
import type { Emit } from './events.ts';
import { Guard } from './guard.ts';
import { inOrder } from './in-order.ts';
import { rotate } from './logs.ts';
import type { StackOptions } from './options.ts';
import { placesOf } from './places.ts';
import { type CommandLine, commandLine, localHealthUrl, processLaunch, urlsOf } from './processes.ts';
import { inTwoParts, type Selection, selected } from './selection.ts';
import { type ProcessStatus, processStatus, type StackStatus, storeStatus } from './status.ts';
import { Stores } from './stores.ts';
import { Supervised } from './supervisor.ts';

/**
 * Starts the Compose file's topology as processes of this machine and resolves when everything that is available is
 * ready. A missing store or process is not fatal: its state in `processes` is `down`, with the reason.
 * @throws DevError already_running, bad_topology, unknown_process
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stack = await Stack.open(options);
  try {
    await stack.begin();
    options.signal?.throwIfAborted();
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** A running topology. */
export class Stack {
  readonly folder: string;
  readonly topology: Topology;
  readonly #options: StackOptions & Pick<StoreContext, 'variables'>;
  readonly #services: readonly ServiceSpec[];
  readonly #supervised = new Map<string, Supervised>();
  readonly #stores: Stores;
  readonly #overrides = new Map<string, Record<string, string | null>>();
  readonly #urls = new Map<string, Record<string, string>>();
  readonly #guard = new Guard();
  readonly #control: Control;
  #addresses: Addresses;
  #stopping: Promise<void> | null = null;
  readonly #stopped = Promise.withResolvers<void>();

  private constructor(
    options: StackOptions,
    { topology, services, variables }: Selection,
    folder: string,
    control: Control,
  ) {
    this.folder = folder;
    this.topology = topology;
    this.#options = { ...options, variables };
    this.#services = services;
    this.#control = control;
    const { throwaway = false } = options;
    this.#stores = new Stores(services, { folder, throwaway, variables, emit: this.#emit });
    this.#addresses = { ports: new Map(), stores: this.#stores.urls, volumeFolder: this.#volumeFolder };
    for (const [name, env] of Object.entries(options.env ?? {})) this.#overrides.set(name, { ...env });
    writeFileSync(join(folder, 'guard.pid'), String(this.#guard.pid ?? ''));
  }

  /** Reads the file and claims the stack's folder; starts nothing yet. */
  static async open(options: StackOptions): Promise<Stack> {
    const selection = selected(options);
    const folder = claimFolder(options);
    const control = await Control.acquire(folder);
    const stack = new Stack(options, selection, folder, control);
    control.serve(stack);
    return stack;
  }

  /** Starts everything in the order of dependencies. Does not reject for a process that fails to start. */
  async begin(): Promise<void> {
    const { ports = 'compose', signal } = this.#options;
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    const plan = await planPorts(this.#services, ports, this.folder);
    for (const { service, port, instead } of plan.taken) {
      this.#emit({ event: 'port-taken', process: service, port, instead });
    }
    this.#addresses = { ...this.#addresses, ports: plan.ports };
    for (const service of this.#services) this.#supervise(service);
    const visit = (name: string, bring: (name: string) => Promise<boolean>) => this.#bringUp(name, bring);
    const { waitedFor, others } = inTwoParts(this.#services, this.#options);
    void inOrder<boolean>(others, visit);
    await inOrder<boolean>(waitedFor, visit);
  }

  async #bringUp(name: string, bring: (name: string) => Promise<boolean>): Promise<boolean> {
    const supervised = this.#supervised.get(name);
    const service = serviceNamed(this.topology, name);
    // Another profile's service is not part of this stack.
    if (supervised === undefined) return true;
    const needed = Object.keys(service.dependsOn);
    const [met] = await Promise.all([Promise.all(needed.map(bring)), Promise.all(service.after.map(bring))]);
    if (this.#stopping !== null || supervised.state === 'down') return false;
    if (met.includes(false)) {
      supervised.markDown(needsText(needed.flatMap((other) => this.causesOf(other))));
      return false;
    }
    const reason = isStore(service) ? await this.#stores.prepare(service, this.#addresses.ports.get(name)) : null;
    if (reason !== null && this.#stopping === null) supervised.markDown(reason);
    if (reason !== null || this.#stopping !== null) return false;
    if (this.#stores.get(name)?.launch === null) {
      supervised.state = 'ready';
      return true;
    }
    return supervised.start().then(
      () => true,
      () => false,
    );
  }

  /** The root causes that keep a process or store from being ready; empty when it is ready. */
  causesOf(name: string): Cause[] {
    return causesOf(name, partsOf(this.#services, this.#supervised));
  }

  /**
   * Why the platform is unusable; empty when it is up. It is up when its edge (the process with a URL of that name) is
   * ready. A selection without an edge is up when everything in it is ready.
   */
  get failures(): Cause[] {
    const edges = this.#services.filter(({ name }) => this.#urls.get(name)?.edge !== undefined);
    const wanted = edges.length > 0 ? edges : this.#services;
    return eachOnce(wanted.flatMap(({ name }) => this.causesOf(name)));
  }

  #supervise(service: ServiceSpec): void {
    const ports = this.#addresses.ports.get(service.name) ?? new Map<number, number>();
    const urls = isStore(service) ? {} : urlsOf(service, ports);
    this.#urls.set(service.name, urls);
    const logFile = join(this.folder, 'logs', `${service.name}.log`);
    rotate(logFile);
    this.#supervised.set(
      service.name,
      new Supervised({
        name: service.name,
        task: service.kind === 'task',
        url: Object.values(urls)[0] ?? null,
        logFile,
        guard: this.#guard,
        emit: (event) => this.#emit(event),
        readyTimeoutMs: this.#options.readyTimeoutMs ?? (service.kind === 'task' ? 600_000 : 60_000),
        ...(this.#options.firstPauseMs === undefined ? {} : { firstPauseMs: this.#options.firstPauseMs }),
        launch: () => {
          const store = this.#stores.get(service.name)?.launch;
          return store ?? processLaunch(this.commandLine(service.name), service, localHealthUrl(service, ports));
        },
      }),
    );
  }

  /** How `name` is (or would be) run outside of its container; `args` replace the file's `command`. */
  commandLine(name: string, args?: readonly string[]): CommandLine {
    const service = serviceNamed(this.topology, name);
    for (const { source, named } of service.volumes) if (named) this.#volumeFolder(source);
    const overrides = this.#overrides.get(name) ?? {};
    return commandLine(service, this.topology, this.#addresses, overrides, this.#options.variables, args);
  }

  readonly #volumeFolder = (name: string): string => {
    const folder = join(this.folder, 'volumes', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };

  /** What runs where, by name, in the order of the file. */
  get processes(): Record<string, ProcessStatus> {
    const shown = this.#services.filter((service) => !isStore(service));
    return Object.fromEntries(shown.map((service) => [service.name, this.#statusOf(service)]));
  }

  #statusOf(service: ServiceSpec): ProcessStatus {
    const log = join(this.folder, 'logs', `${service.name}.log`);
    return processStatus(service, this.#supervised.get(service.name), this.#urls.get(service.name) ?? {}, log);
  }

  status(): StackStatus {
    const stores = this.#services
      .filter(isStore)
      .map((service) => [service.name, storeStatus(this.#statusOf(service), this.#stores.get(service.name))] as const);
    return {
      pid: process.pid,
      folder: this.folder,
      processes: this.processes,
      stores: Object.fromEntries(stores),
      credentials: this.credentials,
    };
  }

  /** `status`, with where each resource is now. */
  async statusWithPlaces(): Promise<StackStatus> {
    return { ...this.status(), places: await placesOf(this) };
  }

  /** The file with the demo clients' ids and secrets, once the seed has written it. */
  get credentials(): string | null {
    return credentialsFile(this.#services, this.topology, this.#addresses);
  }

  /**
   * Starts a process that is down, with changes to its environment (`null` removes a variable), and waits until it is
   * ready.
   */
  async start(name: string, env: Readonly<Record<string, string | null>> = {}): Promise<void> {
    const supervised = this.#one(name);
    this.#overrides.set(name, { ...this.#overrides.get(name), ...env });
    await supervised.start();
  }

  /** Stops a process gracefully; it stays down until `start` or `restart`. */
  async stopProcess(name: string): Promise<void> {
    await this.#one(name).stop();
  }

  /** Stops and starts a process, with changes to its environment that stay, and waits until it is ready. */
  async restart(name: string, env: Readonly<Record<string, string | null>> = {}): Promise<void> {
    await this.stopProcess(name);
    await this.start(name, env);
  }

  /** Ends a process as a crash would; it stays down until `start`. */
  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#one(name).kill(signal);
  }

  /** Makes database `to` an exact copy of `from` (see `cloneDatabase`), on the PostgreSQL store. */
  async cloneDatabase(from: string, to: string): Promise<void> {
    const startedAt = performance.now();
    await cloneDatabase(this.#stores.postgresUrl, from, to);
    this.#emit({ event: 'database-cloned', from, to, ms: Math.round(performance.now() - startedAt) });
  }

  /** Stops everything this stack started, dependents before what they depend on. Safe to call twice. */
  stop(): Promise<void> {
    if (this.#stopping === null) {
      this.#stopping = this.#stopAll();
      this.#stopping.then(this.#stopped.resolve, this.#stopped.reject);
    }
    return this.#stopping;
  }

  /** False once a stop was requested. */
  get isRunning(): boolean {
    return this.#stopping === null;
  }

  /** Resolves when the stack has stopped, for whatever reason. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  async #stopAll(): Promise<void> {
    await this.#stores.end();
    await inOrder<void>(this.#services, (name, end) => this.#endAfterDependents(name, end));
    this.#guard.close();
    rmSync(join(this.folder, 'guard.pid'), { force: true });
    await this.#control.close();
    if (!this.#options.throwaway) return;
    this.#stores.deleteOutsideData();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #endAfterDependents(name: string, end: (name: string) => Promise<void>): Promise<void> {
    const dependents = this.#services.filter((service) => service.dependsOn[name] !== undefined);
    await Promise.all(dependents.map((service) => end(service.name)));
    await this.#supervised.get(name)?.stop();
  }

  /** Kills every process at once, as after a second Ctrl-C. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#supervised.values()].map((one) => one.kill('SIGKILL')));
  }

  #one(name: string): Supervised {
    serviceNamed(this.topology, name);
    const supervised = this.#supervised.get(name);
    if (supervised === undefined) throw new DevError('unknown_process', `${name} is not part of what was started`);
    return supervised;
  }

  readonly #emit: Emit = (event) => this.#options.onEvent?.(event);
}
