import { createHash } from 'node:crypto';
import type { Stack } from '../assemble.ts';
import { diffConfigs } from '../config/diff.ts';
import { canonicalJson, digestOf } from '../config/digest.ts';
import type { HttpRoute, MeshConfig } from '../config/model.ts';
import { type Discovery, discover } from '../discovery/sources.ts';
import type { Handler } from '../layer.ts';
import { type RouteTable, routeTable } from '../routing/table.ts';
import { buildStack } from '../stack.ts';
import { ControlError } from './control-error.ts';
import type { JournalEntry } from './journal.ts';
import type { MeshOptions, MeshStatus } from './mesh-options.ts';
import { plannedWeights, sameWeights, type WeightChanges, type Weights, weightsOf, withWeights } from './weights.ts';

export type { MeshStatus } from './mesh-options.ts';

/** A stack that could run. */
interface Built {
  stack: Stack;
  routes: RouteTable;
  generation: number;
}

/**
 * The control plane in one process: the documents in force, the weights set by hand over them, and the stack that runs.
 * A change is written down, then built as a whole, then put in force by swapping one reference; requests under way end on
 * the stack they began on.
 */
export class Mesh {
  readonly #options: MeshOptions;
  #documents: MeshConfig;
  #effective: MeshConfig;
  #changes: WeightChanges;
  #stack: Stack;
  #routes: RouteTable;
  #discovery: Discovery;
  #status: MeshStatus;
  #refusals = 0;

  /** @throws Error where the stack cannot be built or the stored weights cannot be read */
  constructor(documents: MeshConfig, options: MeshOptions) {
    this.#options = options;
    this.#changes = options.store.load();
    this.#documents = documents;
    this.#effective = this.#withoutOutdated(documents);
    const generation = options.generation ?? 1;
    const built = this.#build(this.#effective, generation);
    this.#stack = built.stack;
    this.#routes = built.routes;
    this.#discovery = this.#discover();
    this.#status = {
      generation,
      documentsHash: digestOf(documents),
      since: this.#now(),
      refused: [],
      restartNeeded: [],
      unresolved: [],
    };
    const { metrics } = options.parts.meters;
    metrics.gauge('mesh_config_generation', 'Counts up with each change in force.', [], () => [
      { values: [], value: this.#status.generation },
    ]);
    const refusals = () => [{ values: [], value: this.#refusals }];
    metrics.gauge('mesh_config_refused_total', 'Documents offered and refused.', [], refusals, 'counter');
    metrics.gauge('mesh_config_in_force', '1 while the documents on disk are those in force.', [], () => [
      { values: [], value: this.#status.refused.length === 0 ? 1 : 0 },
    ]);
  }

  /** The handler of the stack in force, for each request anew. */
  readonly handler = (): Handler => this.#stack.handle;

  /** Resolves when every service has been looked up once. */
  get discovered(): Promise<void> {
    return this.#discovery.ready;
  }

  get stack(): Stack {
    return this.#stack;
  }

  get routes(): RouteTable {
    return this.#routes;
  }

  /** The configuration in force, changes by hand included. */
  get config(): MeshConfig {
    return this.#effective;
  }

  get changes(): WeightChanges {
    return this.#changes;
  }

  get status(): MeshStatus {
    return this.#status;
  }

  route(name: string): HttpRoute {
    const found = this.#effective.routes.find((route) => route.name === name);
    if (found !== undefined) return found;
    const names = this.#effective.routes.map((route) => route.name).join(', ');
    throw new ControlError('unknown_route', [`there is no route "${name}": the routes are ${names}`]);
  }

  /** Version of a route for If-Match: changes exactly when the route in force does. */
  etag(name: string): string {
    return `"${hashOf(this.route(name))}"`;
  }

  /**
   * Sets the weights of a route. What is not named gets what is left to 100.
   *
   * @param ifMatch the etag that the caller decided on; absent = whatever is in force
   * @throws ControlError unknown_route, invalid, stale, not_written
   */
  shift(name: string, asked: Weights, by: { who: string; why: string; ifMatch?: string }): Weights {
    const route = this.route(name);
    if (by.ifMatch !== undefined && by.ifMatch !== '*' && by.ifMatch !== this.etag(name)) {
      throw new ControlError('stale', [`route "${name}" has changed since: read it again and decide anew`]);
    }
    const from = weightsOf(route);
    const weights = plannedWeights(route, asked);
    const standing = Object.hasOwn(this.#changes, name) ? this.#changes[name] : undefined;
    if (standing !== undefined && sameWeights(standing.weights, weights) && sameWeights(from, weights)) return weights;
    const documentedRoute = this.#documents.routes.find((candidate) => candidate.name === name);
    const changes: WeightChanges = {
      ...this.#changes,
      [name]: {
        weights,
        documented: documentedRoute === undefined ? from : weightsOf(documentedRoute),
        at: this.#now(),
        who: by.who,
        why: by.why,
      },
    };
    const effective = withWeights(this.#documents, changes).config;
    // Built first: what cannot be built must not be written down.
    const next = this.#build(effective, this.#status.generation + 1);
    const { who, why } = by;
    this.#record([{ what: 'weights', who, why, details: { route: name, from, to: weights } }], changes);
    this.#effective = effective;
    this.#swap(next);
    this.#options.parts.log.info({ route: name, from, to: weights, who: by.who, why: by.why }, 'weights changed');
    this.#options.onChange?.();
    return weights;
  }

  /**
   * Puts new documents in force.
   *
   * @throws ControlError bad_documents where no stack can be built of them; not_written
   */
  replaceDocuments(documents: MeshConfig, by: { who: string; why: string }): void {
    const hash = digestOf(documents);
    if (hash === this.#status.documentsHash) {
      // Documents that were refused have been repaired: the journal's last word must not be that they are refused.
      const repaired = this.#status.refused.length > 0;
      if (repaired) this.#record([{ what: 'documents', ...by, details: { hash, changes: [] } }], this.#changes);
      this.#status = { ...this.#status, refused: [] };
      return;
    }
    const { config: effective, dropped } = withWeights(documents, this.#changes);
    let next: Built;
    try {
      next = this.#build(effective, this.#status.generation + 1);
    } catch (cause) {
      // Services that only the refused documents name were made on the way.
      this.#forgetServices();
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.refuseDocuments([detail], by);
      throw new ControlError('bad_documents', [detail], cause);
    }
    const restartNeeded = this.#options.restartNeeded?.(documents) ?? [];
    const details = {
      hash,
      changes: diffConfigs(this.#documents, documents),
      ...(restartNeeded.length === 0 ? {} : { restartNeeded }),
    };
    this.#record(
      [{ what: 'documents', ...by, details }, ...overtaken(dropped)],
      dropped.length === 0 ? this.#changes : without(this.#changes, dropped),
    );
    this.#documents = documents;
    this.#effective = effective;
    this.#swap(next);
    this.#discovery.update(this.#effective);
    this.#forgetServices();
    this.#status = { ...this.#status, documentsHash: hash, refused: [], restartNeeded };
    this.#options.parts.log.info({ hash, ...by }, 'documents in force');
    if (restartNeeded.length > 0) {
      this.#options.parts.log.warn({ restartNeeded }, 'listening ports change with a restart only');
    }
    this.#options.onChange?.();
  }

  /**
   * Puts in force what another process has decided, as it stands, under that process's generation.
   *
   * @throws Error where no stack can be built of it
   */
  adopt(config: MeshConfig, generation: number): void {
    const next = this.#build(config, generation);
    this.#documents = config;
    this.#effective = config;
    this.#swap(next);
    this.#forgetServices();
  }

  /** Notes the references in the documents in force that lead nowhere, for everybody to see. */
  noteUnresolved(unresolved: readonly string[]): void {
    this.#status = { ...this.#status, unresolved: [...unresolved] };
  }

  /** Other listeners are open now: says anew what of the documents still waits for a restart. */
  restarted(): void {
    this.#status = { ...this.#status, restartNeeded: this.#options.restartNeeded?.(this.#documents) ?? [] };
  }

  /** Notes documents that were refused: nothing changes, and everybody can see it. */
  refuseDocuments(faults: string[], by: { who: string; why: string }): void {
    this.#refusals += 1;
    this.#status = { ...this.#status, refused: faults };
    this.#options.parts.log.error({ faults, ...by }, 'documents refused: the last good ones stay in force');
    this.#options.journal.add({ what: 'documents refused', ...by, details: { faults } });
  }

  /** Stops looking for endpoints and ends every upstream connection. */
  async close(): Promise<void> {
    this.#discovery.stop();
    this.#options.leases.close();
    await this.#options.registry.close();
  }

  #discover(): Discovery {
    const { parts, discover: own } = this.#options;
    return own?.(this.#effective) ?? discover(this.#effective, { ...this.#options, log: parts.log });
  }

  #forgetServices(): void {
    const named = this.#effective.services.flatMap(({ name, ports }) => ports.map(({ port }) => `${name}:${port}`));
    this.#options.registry.keepOnly(new Set(named));
  }

  #build(config: MeshConfig, generation: number): Built {
    const routes = routeTable(config, this.#options.registry);
    return { routes, generation, stack: buildStack(this.#options.parts, { number: generation, routes }) };
  }

  /** Puts `next` in force, with the policies of `#effective`. */
  #swap(next: Built): void {
    this.#options.registry.follow(this.#effective.services);
    this.#routes = next.routes;
    this.#stack = next.stack;
    this.#status = { ...this.#status, generation: next.generation, since: this.#now() };
  }

  /** The documents with the changes by hand; changes that the documents have overtaken are forgotten, in the journal too. */
  #withoutOutdated(documents: MeshConfig): MeshConfig {
    const { config, dropped } = withWeights(documents, this.#changes);
    if (dropped.length > 0) this.#record(overtaken(dropped), without(this.#changes, dropped));
    return config;
  }

  /**
   * Writes a change down before it takes effect: into the journal, then into the store of changes by hand. What the store does
   * not take is not in the journal either.
   *
   * @throws ControlError not_written: nothing has changed
   */
  #record(entries: readonly Omit<JournalEntry, 'at'>[], changes: WeightChanges): void {
    const { journal, store } = this.#options;
    const written: JournalEntry[] = [];
    try {
      for (const entry of entries) written.push(journal.add(entry));
      if (changes !== this.#changes) store.save(changes);
    } catch (cause) {
      for (const entry of written.reverse()) journal.retract(entry);
      throw new ControlError('not_written', ['the change could not be written to MESH_STATE, and was not made'], cause);
    }
    this.#changes = changes;
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString();
  }
}

/** The entry for changes by hand that the documents have overtaken; none where there are none. */
function overtaken(routes: readonly string[]): Omit<JournalEntry, 'at'>[] {
  if (routes.length === 0) return [];
  const why = 'the documents have changed these routes since';
  return [{ what: 'weights dropped', who: 'mesh', why, details: { routes } }];
}

function without(changes: WeightChanges, names: readonly string[]): WeightChanges {
  return Object.fromEntries(Object.entries(changes).filter(([name]) => !names.includes(name)));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}
