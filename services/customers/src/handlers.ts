import type { IncomingHttpHeaders } from 'node:http';
import type { Authenticate, FindSubject } from '@banyan/kit/access';
import { includeOf, queryOf } from '@banyan/kit/api';
import type { Clock } from '@banyan/kit/clock';
import { causeOf } from '@banyan/kit/facts';
import { type EntityFields, type Field, type FieldIncludes, missingHeader, type Values } from '@banyan/kit/fields';
import type { PageLength, RequireCurrency } from '@banyan/kit/peers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Changes } from './changes.ts';
import type { Passwords } from './passwords.ts';
import type { Store } from './store.ts';
import type { CustomerTokens } from './tokens.ts';

/** What the routes use. */
export interface Handlers {
  store: Store;
  passwords: Passwords;
  tokens: CustomerTokens;
  pageLength: PageLength;
  requireCurrency: RequireCurrency;
  /** Fields that an operator added to customers, and to addresses. */
  customerFields: EntityFields;
  addressFields: EntityFields;
  /** What links of such fields lead to. */
  includes: FieldIncludes;
  authenticate: Authenticate;
  /** Who a customer token belongs to. This service itself knows. */
  findCustomer: FindSubject;
  /** @throws ServiceError `invalid_peer`: `Authorization` has no credentials of a service */
  requirePeer: (authorization: string | undefined) => void;
  /** The platform's address as clients see it. */
  publicUrl: string;
  now: Clock;
}

/** Writes in one transaction, whose facts show what they tell of with all fields that are known. */
export async function writing<Result>(
  { store, customerFields, addressFields, publicUrl, now }: Handlers,
  caused: IncomingHttpHeaders,
  work: (changes: Changes) => Promise<Result>,
): Promise<Result> {
  const [ofCustomers, ofAddresses] = await Promise.all([customerFields.shown(caused), addressFields.shown(caused)]);
  const shown = { customerFields: ofCustomers?.fields ?? [], addressFields: ofAddresses?.fields ?? [], publicUrl };
  return store.transaction(causeOf(caused, now()), shown, work);
}

/** The fields of entities, to show them: none while they are not known, and the reply says so. */
export async function fieldsToShow(
  fields: EntityFields,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<readonly Field[]> {
  const known = await fields.shown(request.headers);
  if (known === null) reply.header(missingHeader, 'flows');
  return known?.fields ?? [];
}

/** What the fields of entities lead to, where the request wants it. The reply says what is missing. */
export async function includedFor(
  includes: FieldIncludes,
  request: FastifyRequest,
  reply: FastifyReply,
  fields: readonly Field[],
  values: readonly Values[],
) {
  const { included, missing } = await includes.of(request, includeOf(queryOf(request)), fields, values);
  if (missing.length > 0) {
    const before = reply.getHeader(missingHeader);
    const all = new Set([...(typeof before === 'string' ? [before] : []), ...missing]);
    reply.header(missingHeader, [...all].join(', '));
  }
  return included;
}
