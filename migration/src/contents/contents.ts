import { Readable } from 'node:stream';
import type { ContentFolder } from '@banyan/kit/content';
import type { Change, State } from '@banyan/kit/import';
import type { Pool } from 'pg';
import { MigrationError, messageOf } from '../errors.ts';
import { inTransaction } from '../monolith/database.ts';
import type { Contents, Resource } from '../resources/resource.ts';
import type { ContentSide } from './content-side.ts';

/** What a resource whose rows name content cannot do without. */
const noFolder = 'FILES_FOLDER, the folder of the content of the monolith, is not set';

export interface ContentMoverParts {
  /** The monolith's. Null: the migration was not told of it. */
  folder: ContentFolder | null;
  service: ContentSide;
  monolith: Pool;
}

/**
 * Moves content ahead of the rows that name it, from the owner's folder to the follower's. Each content is hashed where it
 * arrives and kept by its hash, so what has arrived is not sent again, and what was cut off is as if it had never come.
 */
export class ContentMover {
  readonly #parts: ContentMoverParts;

  constructor(parts: ContentMoverParts) {
    this.#parts = parts;
  }

  /**
   * To the service. Resolves when it has the content of all states but those returned.
   *
   * @returns the reasons, by key, of aggregates whose content the monolith itself does not have
   */
  async send(resource: Resource, contents: Contents, changes: readonly Change[]): Promise<Map<string, string>> {
    const named = namedIn(contents, changes);
    const { folder, service } = this.#parts;
    if (named.size === 0) return new Map();
    if (folder === null) return new Map([...named.values()].flat().map((key) => [key, noFolder]));
    const refused = new Map<string, string>();
    for (const hash of await service.lacking(resource, [...named.keys()])) {
      // Checked here: what arrives with another hash does not tell whose fault that is.
      const file = (await folder.isIntact(hash)) ? await folder.open(hash) : undefined;
      if (file === undefined) {
        for (const key of named.get(hash) ?? []) refused.set(key, 'the monolith has lost or damaged its content');
        continue;
      }
      await service.put(resource, hash, file.createReadStream());
    }
    return refused;
  }

  /**
   * To the monolith. Resolves when it has the content of all states.
   *
   * @throws MigrationError `not_equal` when the service itself does not have it
   */
  async fetch(resource: Resource, contents: Contents, changes: readonly Change[]): Promise<void> {
    const named = namedIn(contents, changes);
    const { folder, service, monolith } = this.#parts;
    if (named.size === 0) return;
    if (folder === null) throw new MigrationError('not_ready', noFolder);
    await inTransaction(monolith, async (db) => {
      // What is there may be about to be deleted, unless it is as if it had just arrived.
      await db.query(contents.keepingLock);
      for (const hash of named.keys()) if (await folder.freshen(hash)) named.delete(hash);
    });
    for (const [hash, keys] of named) {
      const content = await service.get(resource, hash);
      const missing = `the ${resource.service} service has lost or damaged the content of ${keys[0]}`;
      if (content === null) throw new MigrationError('not_equal', missing);
      const received = await folder.receive(content);
      try {
        if (received.hash !== hash) throw new MigrationError('not_equal', missing);
        await inTransaction(monolith, async (db) => {
          await db.query(contents.keepingLock);
          await folder.keep(received);
        });
      } finally {
        await folder.discard(received);
      }
    }
  }

  /** Why content cannot come to the monolith, as far as its folder tells. Null: it can. */
  async fault(): Promise<string | null> {
    const { folder } = this.#parts;
    if (folder === null) return noFolder;
    try {
      await folder.discard(await folder.receive(Readable.from([])));
      return null;
    } catch (error) {
      return `the folder of the monolith's content cannot be written: ${messageOf(error)}`;
    }
  }

  /** The states of the monolith with what its disk has: where content is lost, a state says so, as that of a service does. */
  async seen(contents: Contents | undefined, states: readonly StateRow[]): Promise<StateRow[]> {
    const { folder } = this.#parts;
    if (contents === undefined) return [...states];
    const rows: StateRow[] = [];
    for (const { key, state } of states) {
      const hash = contents.hashOf(state);
      const isLost = hash !== null && !(await folder?.isIntact(hash));
      rows.push({ key, state: isLost ? { ...state, content_lost: true } : state });
    }
    return rows;
  }
}

export interface StateRow {
  key: string;
  state: State;
}

/** The keys of the aggregates that name content, by its hash. */
function namedIn(contents: Contents, changes: readonly Change[]): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const { key, state } of changes) {
    const hash = state && contents.hashOf(state);
    if (hash !== null) named.set(hash, [...(named.get(hash) ?? []), key]);
  }
  return named;
}
