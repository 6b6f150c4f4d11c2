import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from '../api/paging.ts';
import type { Micros } from '../api/timestamps.ts';
import type { Field, NewValues, Values } from './definition.ts';

/** An entity, as far as fields know it. */
export interface Entity {
  id: string;
  createdAt: Micros;
  updatedAt: Micros;
  values: Values;
}

/** What a write of values does to an entity. */
export interface ValuesChange {
  values: Values;
  /** The values that this write sets: those of unique fields are compared with those of others. */
  given: NewValues;
  /** All fields that the entity has. */
  fields: readonly Field[];
}

/** What a service's store offers the routes of fields. Ids come as the paths have them: a text that is no id is unknown. */
export interface Entities {
  /** A page in the order of creation, and how many there are. */
  page(liveOnly: boolean, page: Page): Promise<{ entities: Entity[]; total: number }>;
  find(id: string, liveOnly: boolean): Promise<Entity | undefined>;
  /**
   * Changes the values of one entity in a transaction, while it is locked.
   *
   * @param at when the entity counts as changed; null: it does not
   * @param caused headers of the request
   * @returns the entity as it is then; undefined: there is none
   * @throws ServiceError `validation_failed`: the value of a unique field is taken
   */
  change(
    id: string,
    at: Micros | null,
    caused: IncomingHttpHeaders,
    work: (entity: Entity) => ValuesChange,
  ): Promise<Entity | undefined>;
  /**
   * `change` for a POST, which sends the reply: the same one to each request with one `Idempotency-Key`. Absent: keys have
   * no effect.
   *
   * @param shown the body of the reply; throws if there is no such entity
   */
  changeOnce?(
    sent: { request: FastifyRequest; reply: FastifyReply },
    id: string,
    at: Micros,
    work: (entity: Entity) => ValuesChange,
    shown: (entity: Entity | undefined) => object,
  ): Promise<FastifyReply>;
}
