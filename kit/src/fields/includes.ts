import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from '../access/access.ts';
import { isUuid } from '../api/ids.ts';
import type { Included } from '../api/query.ts';
import { deadlineOf, type MeshClient, timeoutHeader } from '../mesh/client.ts';
import { traceContext } from '../mesh/trace.ts';
import { ServiceError } from '../service/errors.ts';
import { type Field, relationOf, type Target, type Values } from './definition.ts';
import type { Link } from './links.ts';

export interface IncludesOptions {
  mesh: Pick<MeshClient, 'send'>;
  /** Credentials at the internal paths of `flows`. Null: entries are not asked for. */
  credentials: { id: string; secret: string } | null;
  /** Entries of a flow, as an include shows them: for the service that has them. Default: `flows` is asked. */
  entries?: (to: string, ids: readonly string[]) => Promise<readonly Entry[]>;
}

/** Set on a reply from which something is missing because its owner could not be asked: the owners' names. */
export const missingHeader = 'x-banyan-missing';

/** One request for a page of entities, whose replies include what their fields lead to. */
export interface Asking {
  caller: Access;
  headers: IncomingHttpHeaders;
}

export interface FoundIncludes {
  /** In the order of the fields. Entities that do not exist, or that the caller does not see, are absent. */
  included: Included;
  /** Names of owners that could not be asked, or were not asked for all: what they own is missing. */
  missing: string[];
}

/** How many one request asks for: as many as a page holds. */
const batch = 100;
/** How many requests one include may cost. What is linked beyond that is left out, and the reply says so. */
const maxBatches = 50;
const timeoutMs = 2_000;
/** What the caller sent that decides about what it sees. */
const decisive = ['authorization', 'x-moltin-currency', 'x-moltin-language', 'x-moltin-customer-token'];

/** An entity that is included. */
export interface Entry {
  id: string;
  meta?: { timestamps?: { created_at?: string } };
}

/**
 * `include` of relationship fields: the entities that they lead to, asked of their owners through the mesh, all at once.
 * An owner that cannot be asked costs its include, and never the reply.
 */
export class FieldIncludes {
  readonly #options: IncludesOptions;

  constructor(options: IncludesOptions) {
    this.#options = options;
  }

  /**
   * @param include names of the request, in lower case
   * @param fields of the entities
   * @param all the stored values of each entity
   * @throws ServiceError `bad_request`: an owner refuses the caller's headers
   */
  async of(
    asking: Asking,
    include: ReadonlySet<string>,
    fields: readonly Field[],
    all: readonly Values[],
  ): Promise<FoundIncludes> {
    const wanted = wantedBy(include, fields, all);
    const found = await Promise.all(
      [...wanted].map(([to, { target, ids }]) => this.#found(asking, { to, target, ids: [...ids] })),
    );
    return {
      included: Object.fromEntries(found.map(({ name, entities }) => [name, entities])),
      missing: found.flatMap(({ missing }) => missing),
    };
  }

  async #found({ caller, headers }: Asking, { to, target, ids }: Wanted<string[]>) {
    const name = target?.plural ?? to;
    if (ids.length === 0 || (target !== null && !isSeenBy(caller, target))) return { name, entities: [], missing: [] };
    const batches = batchesOf(ids);
    const asked = batches.slice(0, maxBatches);
    const lists = await Promise.all(
      asked.map((some) => (target === null ? this.#entries(to, some, headers) : this.#entities(target, some, headers))),
    );
    const isWhole = asked.length === batches.length && lists.every((list) => list !== null);
    return {
      name,
      // Each list is in the order of creation.
      entities: lists.length === 1 ? (lists[0] ?? []) : byCreation(lists.flatMap((list) => list ?? [])),
      missing: isWhole ? [] : [target?.plural ?? 'flows'],
    };
  }

  /** Entities as the caller sees them. Null: their owner cannot be asked. */
  async #entities({ plural }: Target, ids: readonly string[], headers: IncomingHttpHeaders): Promise<Entry[] | null> {
    const own = decisive.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []));
    const path = `/v2/${plural}?page[limit]=${batch}&filter=in(id,${ids.join(',')})`;
    return this.#list({ service: plural, method: 'GET', path, headers: Object.fromEntries(own) }, headers);
  }

  /** Entries of a flow. Null: `flows` cannot be asked. */
  async #entries(to: string, ids: readonly string[], headers: IncomingHttpHeaders): Promise<readonly Entry[] | null> {
    const { credentials, entries } = this.#options;
    if (entries !== undefined) return entries(to, ids);
    if (credentials === null) return null;
    const own = {
      authorization: `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`,
    };
    const path = `/internal/fields/entries?to=${encodeURIComponent(to)}&ids=${ids.join(',')}`;
    return this.#list({ service: 'flows', method: 'GET', path, headers: own }, headers);
  }

  async #list(
    sent: Pick<Parameters<MeshClient['send']>[0], 'service' | 'method' | 'path' | 'headers'>,
    caused: IncomingHttpHeaders,
  ): Promise<Entry[] | null> {
    const deadlineAtMs = deadlineOf(caused[timeoutHeader], performance.now());
    try {
      const { status, text } = await this.#options.mesh.send({
        ...{ ...sent, trace: traceContext(caused), timeoutMs },
        ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      });
      const body = JSON.parse(text) as { data?: unknown; errors?: { title?: string; detail?: string }[] };
      if (status === 400) throw refusal(body.errors?.[0]);
      return status === 200 && Array.isArray(body.data) ? (body.data as Entry[]) : null;
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'bad_request') throw error;
      return null;
    }
  }
}

interface Wanted<Ids> {
  /** Of the rules of fields. */
  to: string;
  /** Null: entries of the flow that `to` names. */
  target: Target | null;
  ids: Ids;
}

/** What a request wants, by the `to` of the fields that it names. Owners refuse a filter by what is no id, so that is left out. */
function wantedBy(include: ReadonlySet<string>, fields: readonly Field[], all: readonly Values[]) {
  const wanted = new Map<string, Wanted<Set<string>>>();
  for (const field of fields) {
    const to = relationOf(field)?.to;
    if (to === undefined || !include.has(field.slug.toLowerCase())) continue;
    const { target, ids } = wanted.get(to) ?? { target: field.target ?? null, ids: new Set<string>() };
    for (const values of all) {
      const links = [(Object.hasOwn(values, field.id) ? values[field.id] : null) ?? []].flat() as Link[];
      for (const { id } of links) if (isUuid(id)) ids.add(id);
    }
    wanted.set(to, { to, target, ids });
  }
  return wanted;
}

function isSeenBy({ kind, subject }: Access, { seen_by }: Target): boolean {
  if (seen_by === 'everyone') return true;
  return kind === 'client_credentials' && (seen_by === 'administrators' || subject === undefined);
}

function batchesOf(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / batch) }, (_, at) => ids.slice(at * batch, (at + 1) * batch));
}

function byCreation(entities: readonly Entry[]): Entry[] {
  const keyOf = ({ id, meta }: Entry) => `${meta?.timestamps?.created_at ?? ''} ${id}`;
  return entities.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function refusal({
  title = 'Bad Request',
  detail = 'The request was refused',
}: {
  title?: string;
  detail?: string;
} = {}) {
  return new ServiceError('bad_request', { title, detail });
}

/** Joins the includes of a resource and those of its fields, which may have the same names. Each entity is there once. */
export function joinedIncludes(...all: readonly Included[]): Record<string, unknown[]> {
  const whole: Record<string, unknown[]> = {};
  const seen = new Set<string>();
  for (const [name, list] of all.flatMap((each) => Object.entries(each))) {
    const fresh = list.filter((each) => {
      const key = `${name} ${(each as { id?: string }).id}`;
      return !seen.has(key) && seen.add(key);
    });
    whole[name] = [...(whole[name] ?? []), ...fresh];
  }
  return whole;
}
