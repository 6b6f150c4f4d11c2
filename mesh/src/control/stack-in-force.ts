import type { Stack } from '../assemble.ts';
import type { MeshConfig } from '../config/model.ts';
import type { Registry } from '../discovery/registry.ts';
import type { Handler } from '../layer.ts';
import type { Parts } from '../parts.ts';
import { type RouteTable, routeTable } from '../routing/table.ts';
import { buildStack } from '../stack.ts';
import type { Named } from '../telemetry/telemetry.ts';

/** A stack that could run, with what it was built from. */
export interface BuiltStack {
  readonly config: MeshConfig;
  readonly generation: number;
  readonly routes: RouteTable;
  readonly stack: Stack;
}

export interface StackInForceOptions {
  parts: Parts;
  registry: Registry;
  /** Default: 1. */
  generation?: number;
}

/**
 * The stack that runs. A change is built as a whole and put in force by swapping one reference. Requests under way end
 * on the stack that they began on.
 */
export class StackInForce {
  readonly #parts: Parts;
  readonly #registry: Registry;
  #current: BuiltStack;

  /** @throws Error where no stack can be built of `config` */
  constructor(config: MeshConfig, { parts, registry, generation = 1 }: StackInForceOptions) {
    this.#parts = parts;
    this.#registry = registry;
    this.#current = this.#build(config, generation);
    this.#follow();
    parts.meters.metrics.gauge('mesh_config_generation', 'Counts up with each change in force.', [], () => [
      { values: [], value: this.generation },
    ]);
  }

  /** The handler of the stack in force. Listeners ask for it with each request. */
  readonly handler = (): Handler => this.#current.stack.handle;

  get stack(): Stack {
    return this.#current.stack;
  }

  get routes(): RouteTable {
    return this.#current.routes;
  }

  /** Weights set by hand included. */
  get config(): MeshConfig {
    return this.#current.config;
  }

  /** Counts up with each change that took effect. */
  get generation(): number {
    return this.#current.generation;
  }

  /** The routes and services of the configuration in force. */
  readonly named = (): Named => ({
    routes: new Set(this.config.routes.map(({ name }) => name)),
    services: new Set(this.config.services.map(({ name }) => name)),
  });

  /**
   * Builds the stack for `config` as the next generation; the stack in force stays.
   *
   * @throws Error where no stack can be built
   */
  prepare(config: MeshConfig): BuiltStack {
    return this.#build(config, this.generation + 1);
  }

  /** Puts `next` in force, with the policies of its services. */
  swap(next: BuiltStack): void {
    this.#registry.follow(next.config.services);
    this.#current = next;
    this.#follow();
  }

  /**
   * Puts in force what another process has decided, under that process's generation.
   *
   * @throws Error where no stack can be built of it
   */
  adopt(config: MeshConfig, generation: number): void {
    this.swap(this.#build(config, generation));
    this.forgetServices();
  }

  /** Removes the services from the registry that the configuration in force does not name. */
  forgetServices(): void {
    const named = this.config.services.flatMap(({ name, ports }) => ports.map(({ port }) => `${name}:${port}`));
    this.#registry.keepOnly(new Set(named));
  }

  /** Tells the parts that outlive a stack what is in force now. */
  #follow(): void {
    this.#parts.inForce.routes = this.routes;
    const targets = this.routes.rules.flatMap(({ settle }) => [
      settle?.after?.target ?? [],
      settle?.before?.target ?? [],
    ]);
    this.#parts.settlers.follow(targets.flat());
  }

  #build(config: MeshConfig, generation: number): BuiltStack {
    const routes = routeTable(config, this.#registry);
    return { config, generation, routes, stack: buildStack(this.#parts, { number: generation, routes }) };
  }
}
