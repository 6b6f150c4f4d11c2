import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cloneDatabase } from '../clone-database.ts';
import { DevError, messageOf } from '../errors.ts';
import { repository, stackFolder } from '../paths.ts';
import type { PreparedStore } from '../stores/driver.ts';
import { driverOf } from '../stores/drivers.ts';
import { type Addresses, rewriteText } from '../topology/addresses.ts';
import { planPorts } from '../topology/ports.ts';
import { readTopology } from '../topology/read.ts';
import { active, closure, type ServiceSpec, type Topology } from '../topology/topology.ts';
import { type Cause, causesOf, eachOnce, type Part } from './causes.ts';
import { Control } from './control.ts';
import type { Emit } from './events.ts';
import { Guard } from './guard.ts';
import { rotate } from './logs.ts';
import { type CommandLine, commandLine, processLaunch, urlsOf } from './processes.ts';
import type { ProcessStatus, StackStatus } from './status.ts';
import { Supervised } from './supervisor.ts';

export interface StackOptions {
  /** The Compose file; the checkout's own unless given. */
  composeFile?: string;
  /** Name of the stack: its folder below `dataDir`. */
  stack?: string;
  /** Folder that holds the stacks; `.banyan` of the checkout unless given. */
  dataDir?: string;
  /** Only these services, and what they depend on. */
  only?: readonly string[];
  profiles?: readonly string[];
  /** `compose`: the ports of the file where they are free. `auto`: others, so that several stacks run side by side. */
  ports?: 'compose' | 'auto';
  /** Size of the data that an empty platform is seeded with. */
  size?: 'small' | 'reference';
  /** Environment by process, over that of the file. */
  env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Variables for the Compose file, `POSTGRES_URL` and the like; the launcher's own environment unless given. */
  variables?: Readonly<Record<string, string | undefined>>;
  /** Delete the stack's folder after it stopped, and do not pay for durability. */
  throwaway?: boolean;
  /** Limit for each process to become ready and for each task to end, in milliseconds. */
  readyTimeoutMs?: number;
  /** First pause before a crashed process starts again, in milliseconds. */
  firstPauseMs?: number;
  onEvent?: Emit;
  /** Ends the start-up; `startStack` then stops what it started and rejects. */
  signal?: AbortSignal;
}

/**
 * Starts the Compose file's topology as processes of this machine and resolves when everything that can be had is ready.
 * What cannot be had is no failure: it is `down` in `processes`, with the reason.
 * @throws DevError ALREADY_RUNNING, BAD_TOPOLOGY, UNKNOWN_PROCESS
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
  readonly #options: StackOptions;
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #services: readonly ServiceSpec[];
  readonly #supervised = new Map<string, Supervised>();
  readonly #stores = new Map<string, PreparedStore>();
  readonly #overrides = new Map<string, Record<string, string | null>>();
  readonly #urls = new Map<string, Record<string, string>>();
  readonly #guard: Guard;
  readonly #control: Control;
  #addresses: Addresses;
  #stopping: Promise<void> | null = null;
  readonly #stopped = Promise.withResolvers<void>();

  private constructor(
    options: StackOptions,
    topology: Topology,
    services: readonly ServiceSpec[],
    folder: string,
    control: Control,
  ) {
    this.folder = folder;
    this.topology = topology;
    this.#options = options;
    this.#variables = options.variables ?? process.env;
    this.#services = services;
    this.#control = control;
    this.#guard = new Guard();
    this.#addresses = { ports: new Map(), stores: new Map(), volumeFolder: (name) => this.#volumeFolder(name) };
    for (const [name, env] of Object.entries(options.env ?? {})) this.#overrides.set(name, { ...env });
    writeFileSync(join(folder, 'guard.pid'), String(this.#guard.pid ?? ''));
  }

  /** Reads the file, takes the stack's folder for this process, and starts nothing yet. */
  static async open(options: StackOptions): Promise<Stack> {
    const variables = { ...(options.variables ?? process.env) };
    if (options.size !== undefined) variables.SEED_SIZE = options.size;
    const topology = readTopology(options.composeFile ?? join(repository, 'docker-compose.yml'), variables);
    for (const name of [...(options.only ?? []), ...Object.keys(options.env ?? {})]) known(topology, name);
    const services = options.only ? closure(topology, options.only) : active(topology, options.profiles ?? []);
    const folder = stackFolder(options.stack ?? 'default', options.dataDir);
    // What a throwaway stack finds it would delete: only a folder that it makes is its own.
    if (options.throwaway && existsSync(folder) && readdirSync(folder).length > 0)
      throw new DevError('BAD_COMMAND', `a throwaway stack deletes its folder, and ${folder} holds something already`);
    for (const name of ['logs', 'volumes']) mkdirSync(join(folder, name), { recursive: true });
    // Logs, credentials and the control socket are the user's alone; a store's server under another user only passes through.
    chmodSync(folder, 0o711);
    for (const name of ['logs', 'volumes']) chmodSync(join(folder, name), 0o700);
    const control = await Control.acquire(folder);
    const stack = new Stack({ ...options, variables }, topology, services, folder, control);
    control.serve(stack);
    return stack;
  }

  /** Starts everything in the order of dependencies; never rejects for a process that does not come up. */
  async begin(): Promise<void> {
    const { ports = 'compose', signal } = this.#options;
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    const plan = await planPorts(this.#services, ports, this.folder);
    for (const { service, port, instead } of plan.taken) {
      this.#emit({ event: 'port-taken', process: service, port, instead });
    }
    this.#addresses = { ...this.#addresses, ports: plan.ports };
    const unavailable = new Map<string, string>();
    await Promise.all(
      this.#services.filter(isStore).map(async (service) => {
        try {
          this.#stores.set(service.name, await this.#prepare(service));
        } catch (error) {
          unavailable.set(service.name, messageOf(error));
        }
      }),
    );
    const urls = [...this.#stores].map(([name, store]) => [name, store.url] as const);
    this.#addresses = { ...this.#addresses, stores: new Map(urls) };
    for (const service of this.#services) this.#supervise(service);
    for (const [name, reason] of unavailable) this.#supervised.get(name)?.markDown(reason);
    const started = new Map<string, Promise<boolean>>();
    const bring = (name: string): Promise<boolean> => {
      const begun = started.get(name) ?? this.#bringUp(name, bring);
      started.set(name, begun);
      return begun;
    };
    await Promise.all(this.#services.map(({ name }) => bring(name)));
  }

  async #bringUp(name: string, bring: (name: string) => Promise<boolean>): Promise<boolean> {
    const supervised = this.#supervised.get(name);
    const service = known(this.topology, name);
    // A service outside of the selection (of another profile) is none of this stack's business.
    if (supervised === undefined) return true;
    const needed = Object.keys(service.dependsOn);
    const met = await Promise.all(needed.map(bring));
    if (this.#stopping !== null || supervised.state === 'down') return false;
    if (met.includes(false)) {
      const causes = needed.flatMap((other) => this.causesOf(other));
      supervised.markDown(
        eachOnce(causes)
          .map(({ name, reason }) => `needs ${name}: ${reason}`)
          .join('; '),
      );
      return false;
    }
    if (this.#stores.get(name)?.launch === null) {
      supervised.state = 'ready';
      return true;
    }
    return supervised.start().then(
      () => true,
      () => false,
    );
  }

  /** What keeps a process or store from being ready, down to what failed first; none where it is ready. */
  causesOf(name: string): Cause[] {
    const parts = new Map<string, Part>();
    for (const service of this.#services) {
      const supervised = this.#supervised.get(service.name);
      const good = supervised?.state === 'ready' || supervised?.state === 'done';
      const reason = good ? null : (supervised?.why ?? 'not started');
      parts.set(service.name, { reason, needs: good ? [] : Object.keys(service.dependsOn) });
    }
    return causesOf(name, parts);
  }

  /**
   * Why the platform cannot be used, or none: it is up when its edge (the process with a URL of that name) is ready, and, where
   * the selection has no edge, when everything in it is.
   */
  get failures(): Cause[] {
    const edges = this.#services.filter(({ name }) => this.#urls.get(name)?.edge !== undefined);
    const wanted = edges.length > 0 ? edges : this.#services;
    return eachOnce(wanted.flatMap(({ name }) => this.causesOf(name)));
  }

  #prepare(service: ServiceSpec): Promise<PreparedStore> {
    const driver = driverOf(service.image);
    if (driver === null) {
      throw new DevError(
        'STORE_UNAVAILABLE',
        `nothing here can stand in for the image ${service.image}: use docker compose`,
      );
    }
    const port = this.#addresses.ports.get(service.name)?.values().next().value;
    if (port === undefined) throw new DevError('BAD_TOPOLOGY', `${service.name}: expose its port in the Compose file`);
    const { throwaway = false } = this.#options;
    return driver.prepare(service, { port, folder: this.folder, throwaway, variables: this.#variables });
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
          return store ?? processLaunch(this.commandLine(service.name), service, this.#healthUrl(service));
        },
      }),
    );
  }

  #healthUrl(service: ServiceSpec): string | null {
    if (service.healthUrl === null) return null;
    const url = new URL(service.healthUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.#addresses.ports.get(service.name)?.get(Number(url.port)) ?? url.port);
    return url.href;
  }

  /** How `name` is (or would be) run outside of its container; `args` replace the file's `command`. */
  commandLine(name: string, args?: readonly string[]): CommandLine {
    const service = known(this.topology, name);
    for (const { source, named } of service.volumes) if (named) this.#volumeFolder(source);
    const overrides = this.#overrides.get(name) ?? {};
    return commandLine(service, this.topology, this.#addresses, overrides, this.#variables, args);
  }

  #volumeFolder(name: string): string {
    const folder = join(this.folder, 'volumes', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** What runs where, by name, in the order of the file. */
  get processes(): Record<string, ProcessStatus> {
    const shown = this.#services.filter((service) => !isStore(service));
    return Object.fromEntries(shown.map((service) => [service.name, this.#statusOf(service)]));
  }

  #statusOf(service: ServiceSpec): ProcessStatus {
    const supervised = this.#supervised.get(service.name);
    const urls = supervised?.state === 'down' ? {} : (this.#urls.get(service.name) ?? {});
    return {
      kind: service.kind,
      state: supervised?.state ?? 'waiting',
      reason: supervised?.reason ?? '',
      pid: supervised?.pid ?? null,
      restarts: supervised?.restarts ?? 0,
      url: Object.values(urls)[0] ?? '',
      urls,
      log: join(this.folder, 'logs', `${service.name}.log`),
    };
  }

  status(): StackStatus {
    const stores = this.#services.filter(isStore).map((service) => {
      const store = this.#stores.get(service.name);
      const { state, reason, pid, log } = this.#statusOf(service);
      return [
        service.name,
        { state, reason, pid, log, url: store?.url ?? '', source: store?.source ?? '', data: store?.data ?? null },
      ] as const;
    });
    return {
      pid: process.pid,
      folder: this.folder,
      processes: this.processes,
      stores: Object.fromEntries(stores),
      credentials: this.credentials,
    };
  }

  /** The file in which the seed left the demo clients' ids and secrets, once it exists. */
  get credentials(): string | null {
    for (const service of this.#services) {
      const words = [...service.entrypoint, ...service.command];
      const file = words[words.indexOf('--credentials') + 1];
      if (!words.includes('--credentials') || file === undefined) continue;
      const path = rewriteText(file, service, this.topology, this.#addresses);
      if (existsSync(path)) return path;
    }
    return null;
  }

  /** Starts a process that is down, with changes to its environment (`null` removes a variable), and waits until it is ready. */
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
    await cloneDatabase(this.#postgresUrl(), from, to);
    this.#emit({ event: 'database-cloned', from, to, ms: Math.round(performance.now() - startedAt) });
  }

  #postgresUrl(): string {
    const service = this.#services.find((one) => isStore(one) && driverOf(one.image)?.image === 'postgres');
    const store = service && this.#stores.get(service.name);
    if (store === undefined) throw new DevError('NOT_RUNNING', 'this stack has no PostgreSQL server');
    return store.url;
  }

  /** Stops everything this stack started, dependents before what they depend on. Safe to call twice. */
  stop(): Promise<void> {
    if (this.#stopping === null) {
      this.#stopping = this.#stopAll();
      this.#stopping.then(this.#stopped.resolve, this.#stopped.reject);
    }
    return this.#stopping;
  }

  /** False from the moment that its end was asked for. */
  get isRunning(): boolean {
    return this.#stopping === null;
  }

  /** Resolves when the stack has stopped, whoever asked for it. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  async #stopAll(): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    const end = (name: string): Promise<void> => {
      const begun = stopped.get(name) ?? this.#endAfterDependents(name, end);
      stopped.set(name, begun);
      return begun;
    };
    await Promise.all(this.#services.map(({ name }) => end(name)));
    this.#guard.close();
    rmSync(join(this.folder, 'guard.pid'), { force: true });
    await this.#control.close();
    if (this.#options.throwaway) this.#deleteEverything();
  }

  async #endAfterDependents(name: string, end: (name: string) => Promise<void>): Promise<void> {
    const dependents = this.#services.filter((service) => service.dependsOn[name] !== undefined);
    await Promise.all(dependents.map((service) => end(service.name)));
    await this.#supervised.get(name)?.stop();
  }

  #deleteEverything(): void {
    for (const { data } of this.#stores.values()) {
      // Outside of the stack's folder, the data have a folder that was made for this stack.
      if (data !== null && !data.startsWith(this.folder)) rmSync(dirname(data), { recursive: true, force: true });
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends everything at once: what an impatient second Ctrl-C asks for. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#supervised.values()].map((one) => one.kill('SIGKILL')));
  }

  #one(name: string): Supervised {
    known(this.topology, name);
    const supervised = this.#supervised.get(name);
    if (supervised === undefined) throw new DevError('UNKNOWN_PROCESS', `${name} is not part of what was started`);
    return supervised;
  }

  #emit: Emit = (event) => this.#options.onEvent?.(event);
}

const isStore = (service: ServiceSpec) => service.kind === 'store';

function known(topology: Topology, name: string): ServiceSpec {
  const service = topology.services[name];
  if (service === undefined) {
    const names = Object.keys(topology.services).join(', ');
    throw new DevError('UNKNOWN_PROCESS', `there is no process ${name}; there are ${names}`);
  }
  return service;
}
