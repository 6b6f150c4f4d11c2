import { digestOf, oneBatch, rangeDigest, type State } from '@banyan/kit/import';
import type { ContentMover } from '../contents/contents.ts';
import type { Queryable } from '../resources/queryable.ts';
import type { Resource } from '../resources/resource.ts';
import type { ServiceSide } from '../service/service-side.ts';
import type { Divergence, ParityReport } from './parity-report.ts';

export interface ParitySides {
  db: Queryable;
  service: ServiceSide;
  /** What the monolith's disk has, for resources whose rows name content. */
  contents?: Pick<ContentMover, 'seen'>;
  /** Whether the monolith owns the resource: it is right where both differ. */
  monolithOwns: boolean;
  /** Resolves when the follower has everything that the owner had at the call. */
  settle(): Promise<void>;
  now(): Date;
  onProgress?: (done: number) => void;
  signal?: AbortSignal;
}

/** Aggregates in one range, at most. */
const rangeSize = 1_000;
/** How often a difference is read again while the owner's side keeps changing. */
const maxReads = 20;
const maxListed = 1_000;

type Digests = Map<string, string>;

/**
 * Compares both sides, range by range. Reads differing ranges again until they agree or are proven different.
 *
 * @returns the report, and the keys of all divergent aggregates
 */
export async function parity(
  resource: Resource,
  sides: ParitySides,
): Promise<{ report: ParityReport; differing: readonly string[] }> {
  const counts = { lagging: 0, raced: 0 };
  const divergent: Divergence[] = [];
  let compared = 0;
  let ranges = 0;
  for (let after: string | null = null; ; ) {
    sides.signal?.throwIfAborted();
    const { keys, last } = await keysAfter(sides.db, resource, after);
    const mine = await monolithDigests(sides, resource, keys);
    const theirs = await sides.service.digests(resource, { after, to: last, members: false });
    ranges++;
    compared += mine.size;
    if (theirs.digest !== rangeDigest([...mine.values()])) {
      const { members = [] } = await sides.service.digests(resource, { after, to: last, members: true });
      const differing = differences(mine, new Map(members.map(({ key, digest }) => [key, digest])));
      const found = await judge(resource, sides, differing);
      counts.lagging += found.lagging;
      counts.raced += found.raced;
      divergent.push(...found.divergent);
    }
    sides.onProgress?.(compared);
    if (last === null) break;
    after = last;
  }
  const report: ParityReport = {
    resource: resource.name,
    at: sides.now().toISOString(),
    compared,
    ranges,
    ...counts,
    divergent: divergent.length,
    listed: divergent.slice(0, maxListed),
    clean: divergent.length === 0,
  };
  return { report, differing: divergent.map(({ key }) => key) };
}

/** Compares given aggregates only. Returns those that differ. The follower must have everything. */
export async function differingKeys(
  resource: Resource,
  sides: Pick<ParitySides, 'db' | 'service' | 'contents'>,
  keys: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (let rest = keys; rest.length > 0; ) {
    const some = oneBatch(rest, resource.weight);
    rest = rest.slice(some.length);
    const mine = await monolithDigests(sides, resource, some);
    found.push(...differences(mine, await serviceDigests(sides.service, resource, some)));
  }
  return found;
}

async function judge(resource: Resource, sides: ParitySides, keys: readonly string[]) {
  const found = { lagging: 0, raced: 0, divergent: [] as Divergence[] };
  let open: string[] = [...keys];
  let before: Digests | null = null;
  for (let reads = 0; open.length > 0; reads++) {
    sides.signal?.throwIfAborted();
    const owners = () => ownerDigests(resource, sides, open);
    const seen: Digests = before ?? (await owners());
    await sides.settle();
    const followers = await followerDigests(resource, sides, open);
    const after = await owners();
    const still: string[] = [];
    for (const key of open) {
      const stood = seen.get(key) === after.get(key);
      if (followers.get(key) === after.get(key)) found[stood ? 'lagging' : 'raced']++;
      else if (stood) found.divergent.push({ key, kind: kindOf(after.get(key), followers.get(key)) });
      // Never proven different. What changes all the time is compared after the fence, when it does not.
      else if (reads === maxReads) found.raced++;
      else still.push(key);
    }
    open = still;
    before = after;
  }
  return found;
}

function kindOf(owner: string | undefined, follower: string | undefined): Divergence['kind'] {
  if (follower === undefined) return 'missing';
  return owner === undefined ? 'extra' : 'different';
}

const ownerDigests = (resource: Resource, sides: ParitySides, keys: readonly string[]) =>
  sides.monolithOwns ? monolithDigests(sides, resource, keys) : serviceDigests(sides.service, resource, keys);

const followerDigests = (resource: Resource, sides: ParitySides, keys: readonly string[]) =>
  sides.monolithOwns ? serviceDigests(sides.service, resource, keys) : monolithDigests(sides, resource, keys);

async function serviceDigests(service: ServiceSide, resource: Resource, keys: readonly string[]): Promise<Digests> {
  const { members = [] } = await service.digests(resource, { keys: [...keys], after: null, to: null, members: true });
  return new Map(members.map(({ key, digest }) => [key, digest]));
}

/** The keys of the next range, and where it ends; null: it is the last one. */
async function keysAfter(
  db: Queryable,
  resource: Resource,
  after: string | null,
): Promise<{ keys: string[]; last: string | null }> {
  const { rows } = await db.query<{ key: string }>(resource.keys, [after, rangeSize]);
  const found = rows.map(({ key }) => key);
  const keys = oneBatch(found, resource.weight);
  const isLast = found.length < rangeSize && keys.length === found.length;
  return { keys, last: isLast ? null : (keys.at(-1) ?? null) };
}

async function monolithDigests(
  { db, contents }: Pick<ParitySides, 'db' | 'contents'>,
  resource: Resource,
  keys: readonly string[],
): Promise<Digests> {
  const { rows: stored } = await db.query<{ key: string; state: State }>(resource.states, [keys]);
  const rows = contents ? await contents.seen(resource.contents, stored) : stored;
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  return new Map(rows.map(({ key, state }) => [key, digestOf(key, state)]));
}

function differences(mine: Digests, theirs: Digests): string[] {
  const keys = new Set([...mine.keys(), ...theirs.keys()]);
  return [...keys].filter((key) => mine.get(key) !== theirs.get(key));
}
