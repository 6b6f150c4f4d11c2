import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Micros, microsOf } from '../api/timestamps.ts';
import '../access/access.ts';
import '../http/json-bodies.ts';
import { keyOf } from './key.ts';

/** A request that has an `Idempotency-Key`, as it is remembered. */
export interface KeyedRequest {
  /** SHA-256 over the client, the customer, the method, the path and the key, in hex. */
  hash: string;
  /** The kind of the access token, and the client that it was given to. */
  client: string;
  /** Empty without a customer token. */
  customer: string;
  method: string;
  path: string;
  key: string;
  /** SHA-256 of the request's body, in hex. */
  bodyHash: string;
  createdAt: Micros;
}

/**
 * What a request is remembered by; undefined without a key. The caller must be known (`guardApi`).
 *
 * @param nowMs when it arrived, in Unix ms
 * @throws ServiceError `bad_request`: the key has no form of a key
 */
export function keyedRequest(request: FastifyRequest, nowMs: number): KeyedRequest | undefined {
  const key = keyOf(request.headers['idempotency-key']);
  if (key === undefined) return undefined;
  const { kind, clientId, subject: customer = '' } = request.caller;
  const client = `${kind} ${clientId}`;
  const { method } = request;
  const path = (request.url.split('?', 1)[0] ?? '').replace(/\/+$/, '');
  return {
    hash: sha256(JSON.stringify([client, customer, method, path, key])),
    ...{ client, customer, method, path, key },
    bodyHash: sha256(request.bodyText ?? ''),
    createdAt: microsOf(nowMs),
  };
}

const sha256 = (text: string): string => hash('sha256', text, 'hex');
