import type { FastifyRequest } from 'fastify';
import { badRequest } from '../api/faults.ts';

/** The most things of one kind that one request may name. */
const maxNamed = 100;

/** The values of a parameter that may be repeated. */
export function named(request: FastifyRequest, name: string, isOne: (text: string) => boolean): string[] {
  const given = (request.query as Record<string, string | string[] | undefined>)[name] ?? [];
  const values = [given].flat();
  if (values.length > maxNamed || !values.every(isOne)) {
    throw badRequest(`The parameter ${name} is given at most ${maxNamed} times`, name);
  }
  return values;
}
