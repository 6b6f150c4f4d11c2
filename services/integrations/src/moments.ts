import type { Micros } from '@banyan/kit/api';
import Type from '@banyan/kit/typebox';

/** How a moment travels: RFC 3339 in UTC, with microseconds. */
export const Moment = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}Z$' });

/** `Date` has milliseconds only. */
export const microsIn = (text: string): Micros =>
  Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));

export function momentOf(micros: Micros): string {
  const milliseconds = Math.floor(micros / 1_000);
  const rest = String(micros - milliseconds * 1_000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
