import type { FastifyError } from 'fastify';
import type { ApiFault } from './error-body.ts';

type Violation = NonNullable<FastifyError['validation']>[number];

/** Bounds the response to a body with many wrong members: a body of 1 MiB can hold half a million. */
const maxFaults = 100;

/**
 * One fault for each member that violates the schema, at most 100. A body gets 422 `Failed Validation`
 * with the member's path in `source`, as in the public API. A query, a path parameter or a header gets 400.
 *
 * @param context the part of the request: `body`, `querystring`, `params` or `headers`
 */
export function validationFaults(violations: readonly Violation[], context: string | undefined): ApiFault[] {
  const faults = new Map<string, ApiFault>();
  for (const violation of violations) {
    const source = memberOf(violation);
    // The first violation of a member is enough: the others are often consequences of it.
    if (!faults.has(source)) faults.set(source, faultOf(violation, source, context));
    if (faults.size === maxFaults) break;
  }
  return [...faults.values()];
}

/** The path of the wrong member, such as `data.price.0.amount`; empty for the whole of the body. */
function memberOf({ instancePath, params }: Violation): string {
  const name = params.missingProperty ?? params.additionalProperty;
  const path = instancePath.split('/').slice(1);
  return [...path, ...(name === undefined ? [] : [String(name)])].join('.');
}

function faultOf(violation: Violation, source: string, context: string | undefined): ApiFault {
  const inBody = context === undefined || context === 'body';
  const subject = source === '' ? `The ${context ?? 'body'}` : `The ${source} ${inBody ? 'field' : 'parameter'}`;
  return {
    ...(inBody ? { status: 422, title: 'Failed Validation' } : { status: 400, title: 'Bad Request' }),
    detail: `${subject} ${complaintOf(violation)}.`,
    ...(source === '' ? {} : { source }),
  };
}

function complaintOf({ keyword, params, message }: Violation): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is unknown';
  if (Array.isArray(params.allowedValues)) return `must be one of ${params.allowedValues.join(', ')}`;
  return message ?? 'is invalid';
}
