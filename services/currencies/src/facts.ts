import type { Micros } from '@banyan/kit/api';
import type { NewEvent } from '@banyan/kit/events';
import { type Cause, factOf } from '@banyan/kit/facts';
import type { Version } from '@banyan/kit/import';
import { events } from './contract.ts';
import { type Currencies, type Currency, currencyView } from './domain.ts';

/** One change of the currencies. */
export interface ToldChange {
  before: Currencies;
  after: Currencies;
  /** Of all currencies together: each currency that has changed has it. */
  version: Version;
  atUs: Micros;
  /** The platform's address as clients see it. */
  publicUrl: string;
  cause: Cause;
}

/** The facts of a change: one for each currency that was made, changed or deleted. */
export function factsOf({ before, after, version, atUs, publicUrl, cause }: ToldChange): NewEvent[] {
  const was = new Map(before.map((one) => [one.id, one]));
  const kept = new Set(after.map(({ id }) => id));
  const fact = (event: (typeof events)[keyof typeof events], aggregateId: string, state: unknown) =>
    factOf({ event, aggregateId, version, state, atUs }, cause);
  const gone = before.filter(({ id }) => !kept.has(id));
  const changed = after.filter((one) => !isSame(was.get(one.id), one));
  return [
    ...gone.map(({ id }) => fact(events.deleted, id, null)),
    ...changed.map((one) =>
      fact(was.has(one.id) ? events.updated : events.created, one.id, { data: currencyView(one, publicUrl) }),
    ),
  ];
}

const isSame = (a: Currency | undefined, b: Currency): boolean =>
  a !== undefined && (Object.keys(b) as (keyof Currency)[]).every((name) => a[name] === b[name]);
