import type { Random } from '../clock.ts';
import type { ConsistentHash } from '../config/policy-model.ts';
import type { Exchange } from '../exchange.ts';
import { header, headerValues } from '../headers.ts';
import { hash32 } from '../policy/hash.ts';

/** The value that a consistent hash uses, and the cookie by which the client is recognized next time. */
export interface HashKey {
  /** Null: the client cannot be recognized, so any endpoint will do. */
  hash: number | null;
  /** Value of a Set-Cookie field; null if none is due. */
  setCookie: string | null;
}

const unknown: HashKey = { hash: null, setCookie: null };

/** Reads the key of a request. Values from clients are hashed, never trusted. */
export function hashKeyOf(exchange: Exchange, hashing: ConsistentHash | undefined, random: Random): HashKey {
  if (hashing === undefined) return unknown;
  if (hashing.type === 'Source') return { hash: hash32(exchange.facts.clientAddress), setCookie: null };
  if (hashing.type === 'Header') {
    const value = header(exchange.headers, hashing.name);
    return value === undefined ? unknown : { hash: hash32(value), setCookie: null };
  }
  const known = cookieValue(exchange.headers, hashing.name);
  if (known !== null) return { hash: hash32(known), setCookie: null };
  const made = Math.floor(random() * 2 ** 52).toString(36);
  const age = hashing.ttlMs > 0 ? `; Max-Age=${Math.round(hashing.ttlMs / 1000)}` : '';
  return {
    hash: hash32(made),
    setCookie: `${hashing.name}=${made}; Path=${hashing.path}${age}; HttpOnly; SameSite=Lax`,
  };
}

/** The value of one cookie (RFC 6265 section 5.4), the first of several with that name; null without one. */
export function cookieValue(headers: readonly string[], name: string): string | null {
  for (const field of headerValues(headers, 'cookie')) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  }
  return null;
}
