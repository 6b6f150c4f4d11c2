import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { HttpRoute, MeshConfig } from '../config/model.ts';
import type { PolicySource } from '../config/parse.ts';
import { diffConfigs } from '../config/writing/diff.ts';
import { canonicalJson, digestOf } from '../config/writing/digest.ts';
import type { Resolve } from '../discovery/dns.ts';
import type { Leases } from '../discovery/leases.ts';
import type { Probe } from '../discovery/probe.ts';
import type { Registry } from '../discovery/registry.ts';
import { type Discovery, discover } from '../discovery/sources.ts';
import type { Parts } from '../parts.ts';
import { ControlError } from './control-error.ts';
import type { Journal } from './journal.ts';
import { type BuiltStack, StackInForce } from './stack-in-force.ts';
import type { MeshStatus } from './status.ts';
import { targetsOf, type Weights, weightGroupsOf } from './weight-groups.ts';
import type { WeightStore } from './weight-store.ts';
import { plannedWeights, sameWeights, type WeightChanges } from './weights.ts';
import { byRule, withWeights } from './weights-on-top.ts';
import { WrittenChanges } from './written-changes.ts';

export interface ControlPlaneOptions {
  parts: Parts;
  clock: Clock;
  registry: Registry;
  journal: Journal;
  store: WeightStore;
  resolve: Resolve;
  leases: Leases;
  probe: Probe;
  onHealth?: () => void;
  /** Called after each change that took effect. */
  onChange?: () => void;
  /** What of `next` only a restart puts in force, in a mesh whose listeners are those of `listening`: one line each. */
  restartNeeded: (listening: MeshConfig, next: MeshConfig) => string[];
}

/** What the reading of documents has found besides the configuration. */
export interface DocumentFindings {
  /** The warnings about references that lead nowhere. */
  unresolved?: readonly string[];
  policies?: readonly PolicySource[];
}

/** Who makes a change, and why. */
interface Reason {
  who: string;
  why: string;
}

/** What a shift has set for one weight group. */
export interface ShiftedWeights {
  /** `route/rule`, or `route` for the rules without a name. */
  key: string;
  rule: string | null;
  from: Weights;
  weights: Weights;
}

/**
 * Decides what is in force: the documents, with the weights set by hand on top. A change is built first, then written
 * down, then put in force. Also finds the endpoints and checks their health.
 */
export class ControlPlane {
  /** What runs. */
  readonly inForce: StackInForce;
  readonly #options: ControlPlaneOptions;
  readonly #written: WrittenChanges;
  readonly #discovery: Discovery;
  #documents: MeshConfig;
  /** The documents by which ports are listened on: those of the start, or of the last restart of the workers. */
  #listening: MeshConfig;
  #policies: readonly PolicySource[] = [];
  #status: Omit<MeshStatus, 'generation'>;
  #refusals = 0;

  /** @throws Error where the stack cannot be built or the stored weights cannot be read */
  constructor(documents: MeshConfig, options: ControlPlaneOptions) {
    const { parts, journal, store, registry } = options;
    this.#options = options;
    this.#documents = documents;
    this.#listening = documents;
    this.#written = new WrittenChanges(journal, store, (changes) => byRule(documents, changes));
    const { config, dropped } = withWeights(documents, this.#written.weights);
    if (dropped.length > 0) this.#written.drop(dropped);
    this.inForce = new StackInForce(config, { parts, registry });
    this.#discovery = discover(config, { ...options, log: parts.log });
    this.#status = {
      documentsHash: digestOf(documents),
      since: this.#now(),
      refused: [],
      restartNeeded: [],
      unresolved: [],
    };
    const { metrics } = parts.meters;
    const refusals = () => [{ values: [], value: this.#refusals }];
    metrics.gauge('mesh_config_refused_total', 'Documents offered and refused.', [], refusals, 'counter');
    metrics.gauge('mesh_config_in_force', '1 while the documents on disk are those in force.', [], () => [
      { values: [], value: this.#status.refused.length === 0 ? 1 : 0 },
    ]);
  }

  /** Resolves when every service has been looked up once. */
  get discovered(): Promise<void> {
    return this.#discovery.ready;
  }

  /** The configuration in force, weights set by hand included. */
  get config(): MeshConfig {
    return this.inForce.config;
  }

  /** The weights set by hand. */
  get changes(): WeightChanges {
    return this.#written.weights;
  }

  get status(): MeshStatus {
    return { generation: this.inForce.generation, ...this.#status };
  }

  /** @throws ControlError unknown_route */
  route(name: string): HttpRoute {
    const found = this.config.routes.find((route) => route.name === name);
    if (found !== undefined) return found;
    const names = this.config.routes.map((route) => route.name).join(', ');
    throw new ControlError('unknown_route', [`there is no route "${name}": the routes are ${names}`]);
  }

  /** Version of a route for If-Match: changes exactly when the route does. @throws ControlError unknown_route */
  etag(name: string): string {
    return `"${hashOf(this.route(name))}"`;
  }

  /**
   * Sets the weights of one rule, or of all rules of a route that have the services in `asked`. Services that are not
   * named share the rest up to 100.
   *
   * @param target the name of a route, or `route/rule`
   * @param by.ifMatch the etag of the route that the caller decided on; absent = whatever is in force
   * @returns what is now in force, for each weight group that the change is about
   * @throws ControlError unknown_route, invalid, stale, not_written
   */
  shift(target: string, asked: Weights, by: Reason & { ifMatch?: string }): ShiftedWeights[] {
    const [name = '', ruleName = null] = target.split(/\/(.*)/s);
    const route = this.route(name);
    if (by.ifMatch !== undefined && by.ifMatch !== '*' && by.ifMatch !== this.etag(name)) {
      throw new ControlError('stale', [`route "${name}" has changed since: read it again and decide again`]);
    }
    const shifted = targetsOf(route, ruleName, Object.keys(asked)).map((group) => ({
      key: group.key,
      rule: group.rule,
      from: group.weights,
      weights: plannedWeights(group, asked),
    }));
    const standing = (key: string) => (Object.hasOwn(this.changes, key) ? this.changes[key]?.weights : undefined);
    const news = shifted.filter(
      ({ key, from, weights }) => !sameWeights(standing(key) ?? {}, weights) || !sameWeights(from, weights),
    );
    if (news.length === 0) return shifted;
    const documented = new Map(this.#documents.routes.flatMap(weightGroupsOf).map((group) => [group.key, group]));
    const { who, why } = by;
    const changes = { ...this.changes };
    for (const { key, from, weights } of news) {
      changes[key] = { weights, documented: documented.get(key)?.weights ?? from, at: this.#now(), who, why };
    }
    const next = this.inForce.prepare(withWeights(this.#documents, changes).config);
    const details = news.map(({ rule, from, weights }) => ({
      route: name,
      ...(rule === null ? {} : { rule }),
      from,
      to: weights,
    }));
    this.#written.write(
      details.map((detail) => ({ what: 'weights', who, why, details: detail })),
      changes,
    );
    this.#putInForce(next);
    for (const detail of details) this.#options.parts.log.info({ ...detail, who, why }, 'weights changed');
    this.#options.onChange?.();
    return shifted;
  }

  /**
   * Puts new documents in force.
   *
   * @throws ControlError bad_documents where no stack can be built of them; not_written
   */
  replaceDocuments(documents: MeshConfig, by: Reason): void {
    const hash = digestOf(documents);
    if (hash === this.#status.documentsHash) {
      // Refused documents have been repaired: the journal must not end with their refusal.
      const repaired = this.#status.refused.length > 0;
      if (repaired) this.#written.write([{ what: 'documents', ...by, details: { hash, changes: [] } }]);
      this.#status = { ...this.#status, refused: [] };
      return;
    }
    const { config, dropped } = withWeights(documents, this.changes);
    const next = this.#prepared(config, by);
    const restartNeeded = this.#options.restartNeeded(this.#listening, documents);
    const details = {
      hash,
      changes: diffConfigs(this.#documents, documents),
      ...(restartNeeded.length === 0 ? {} : { restartNeeded }),
    };
    this.#written.drop(dropped, [{ what: 'documents', ...by, details }]);
    this.#documents = documents;
    this.#putInForce(next);
    this.#discovery.update(config);
    this.inForce.forgetServices();
    this.#status = { ...this.#status, documentsHash: hash, refused: [], restartNeeded };
    this.#options.parts.log.info({ hash, ...by }, 'documents in force');
    if (restartNeeded.length > 0) {
      this.#options.parts.log.warn({ restartNeeded }, 'listening ports change with a restart only');
    }
    this.#options.onChange?.();
  }

  /** Which document gives each value of a policy in force. */
  get policies(): readonly PolicySource[] {
    return this.#policies;
  }

  /** Notes what was found in the documents in force: references that lead nowhere, and where policies come from. */
  noteFindings({ unresolved = [], policies = [] }: DocumentFindings): void {
    this.#status = { ...this.#status, unresolved: [...unresolved] };
    this.#policies = policies;
  }

  /** The listeners are now those of `listening`: updates what of the documents still waits for a restart. */
  restarted(listening: MeshConfig): void {
    this.#listening = listening;
    this.#status = { ...this.#status, restartNeeded: this.#options.restartNeeded(listening, this.#documents) };
  }

  /** Notes documents that were refused, in the status, the log and the journal. Nothing else changes. */
  refuseDocuments(faults: string[], by: Reason): void {
    this.#refusals += 1;
    this.#status = { ...this.#status, refused: faults };
    this.#options.parts.log.error({ faults, ...by }, 'documents refused: the last good ones stay in force');
    this.#options.journal.add({ what: 'documents refused', ...by, details: { faults } });
  }

  /** Stops looking for endpoints. */
  close(): void {
    this.#discovery.stop();
    this.#options.leases.close();
  }

  #prepared(config: MeshConfig, by: Reason): BuiltStack {
    try {
      return this.inForce.prepare(config);
    } catch (cause) {
      // The attempt has registered the services that only the refused documents name.
      this.inForce.forgetServices();
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.refuseDocuments([detail], by);
      throw new ControlError('bad_documents', [detail], cause);
    }
  }

  #putInForce(next: BuiltStack): void {
    this.inForce.swap(next);
    this.#status = { ...this.#status, since: this.#now() };
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString();
  }
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}
