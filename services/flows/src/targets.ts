import type { IncomingHttpHeaders } from 'node:http';
import { targetQueries } from '@banyan/kit/fields';
import { type Asking, type PeerReply, unavailable } from '@banyan/kit/peers';
import { entityOfType } from './entities.ts';
import type { Store } from './store.ts';

/** Those that exist of the ids that were asked for, and the `type` of links to them. */
export interface Targets {
  /** Null: what the rule names is no entity and no flow. */
  type: string | null;
  ids: readonly string[];
}

/** The owner of the copies that stand in for an owner that does not say yet what exists. */
const copies = 'monolith';

/** Which targets of links exist: entries are here, and entities are asked of their owners. */
export class LinkTargets {
  readonly #store: Pick<Store, 'flow' | 'entriesById'>;
  readonly #asking: Pick<Asking, 'ask'>;
  readonly #authorization: string | null;

  /** @param credentials of this service at the others; null: they are not asked */
  constructor(
    store: Pick<Store, 'flow' | 'entriesById'>,
    { asking, credentials }: { asking: Pick<Asking, 'ask'>; credentials: { id: string; secret: string } | null },
  ) {
    this.#store = store;
    this.#asking = asking;
    this.#authorization =
      credentials && `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`;
  }

  /**
   * @param to what the rule of a field names
   * @param caused headers of the request that causes the question
   * @throws ServiceError `peer_unavailable`, `peer_timeout`: the owner cannot be asked
   */
  async existing(to: string, ids: readonly string[], caused: IncomingHttpHeaders): Promise<Targets> {
    const entity = entityOfType(to);
    if (entity !== undefined) return { type: to, ids: await this.#asked(entity.owner, to, ids, caused) };
    const flow = await this.#store.flow(to);
    if (flow === undefined) return { type: null, ids: [] };
    return { type: 'entry', ids: (await this.#store.entriesById(flow.id, ids)).map(({ id }) => id) };
  }

  async #asked(
    owner: string,
    type: string,
    ids: readonly string[],
    caused: IncomingHttpHeaders,
  ): Promise<readonly string[]> {
    const authorization = this.#authorization;
    if (authorization === null) throw unavailable(owner);
    const queries = targetQueries(`to=${type}`, ids) ?? [];
    const lists = await Promise.all(
      queries.map(async (query) => {
        const ask = (service: string) =>
          this.#asking.ask(service, `/internal/targets/${type}?${query}`, { authorization }, caused);
        let reply = await ask(owner);
        // Transitional: not every owner has this path.
        if (isUnknown(reply)) reply = await ask(copies);
        const { data } = reply.body;
        if (reply.status !== 200 || !Array.isArray(data)) throw unavailable(owner);
        return data as string[];
      }),
    );
    return lists.flat();
  }
}

const isUnknown = ({ status }: PeerReply) => status === 404 || status === 421;
