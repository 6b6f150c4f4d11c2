import type { TargetRequest } from '../../drivers/request.ts';

/** A reply's JSON body, of which a step takes what it needs. */
// biome-ignore lint/suspicious/noExplicitAny: a step names the members that it reads, and fails without them.
export type Body = any;

/** One request of a journey. `Memory` is what a journey has learned so far. */
export interface Step<Memory> {
  /** As it is read in the report: `adds a product to the cart`. */
  name: string;
  /** The service that takes the step over, as the table of the monolith's debts names it. */
  service: string;
  request(memory: Memory): TargetRequest;
  /** Keeps what later steps need. @throws TypeError where the reply lacks it: the step has failed */
  learn?(body: Body, memory: Memory): void;
}

/** What a client does from first to last, one request after the other. */
export interface Journey<Memory = unknown> {
  name: string;
  steps: readonly Step<Memory>[];
  /** What the nth journey knows at its start. */
  begin(n: number): Memory;
}

/** Headers and body of a request for JSON. */
export function jsonRequest(
  method: string,
  path: string,
  headers: Record<string, string>,
  data?: object,
): TargetRequest {
  if (data === undefined) return { method, path, headers };
  return { method, path, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ data }) };
}

/** A maker of steps that send and read JSON. @param headersOf what each of their requests carries */
export const stepsWith =
  <Memory>(headersOf: (memory: Memory) => Record<string, string>) =>
  (
    name: string,
    service: string,
    method: string,
    path: (memory: Memory) => string,
    data?: (memory: Memory) => object,
    learn?: Step<Memory>['learn'],
  ): Step<Memory> => ({
    name,
    service,
    request: (memory) => jsonRequest(method, path(memory), headersOf(memory), data?.(memory)),
    ...(learn && { learn }),
  });
