import type { SeededClient } from './clients.ts';
import { type Plan, spread } from './plan.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';

const hourMs = 3_600_000;
const tokenDays = 540;
// The last moment of a signed 32-bit clock, which support entered for partners whose token "must not expire".
const partnerExpiry = new Date('2038-01-19T03:14:07Z');
const partnerPercent = 1;

const scopes = {
  client_credentials:
    'carts:read carts:write catalog:read catalog:write customers:read customers:write orders:read orders:write ' +
    'payments:read payments:write sign-up:read sign-up:write stock:read stock:write store:read store:write ' +
    'taxes:read taxes:write',
  implicit: 'carts:read carts:write catalog:read payments:read payments:write sign-up:write stock:read',
} as const;

/**
 * Access tokens of several years. On any day after the end of the data all of them have expired, except the partners'.
 */
export function tokenTable(plan: Plan, clients: readonly SeededClient[]): Table {
  return {
    name: 'access_tokens',
    columns: ['token_hash', 'client_id', 'identifier', 'scope', 'issued_at', 'expires_at'],
    rows: tokens(plan, clients),
  };
}

function* tokens(plan: Plan, clients: readonly SeededClient[]): Generator<Cell[]> {
  const random = new Random(plan.seed, 'tokens');
  const { tokens: count } = plan.size;
  for (let index = 0; index < count; index += 1) {
    const { clientId, kind } = random.pick(clients);
    const issuedAt = issuedAtOf(plan, index);
    const partner = kind === 'client_credentials' && random.chance(partnerPercent);
    const expiresAt = partner ? partnerExpiry : new Date(issuedAt.getTime() + hourMs);
    // These hashes have no known token.
    yield [random.hex(32), clientId, kind, scopes[kind], issuedAt, expiresAt];
  }
}

/** The audit rows of the issued tokens. */
export function auditTable(plan: Plan, clients: readonly SeededClient[]): Table {
  return {
    name: 'token_audit',
    columns: ['client_id', 'event', 'remote_address', 'detail', 'at'],
    rows: auditRows(plan, clients),
  };
}

function* auditRows(plan: Plan, clients: readonly SeededClient[]): Generator<Cell[]> {
  const random = new Random(plan.seed, 'audit');
  for (let index = 0; index < plan.size.tokens; index += 1) {
    const { clientId, kind } = random.pick(clients);
    const address = `198.51.100.${random.int(1, 254)}`;
    yield [clientId, 'token.issued', address, { json: { grant_type: kind } }, issuedAtOf(plan, index)];
  }
}

function issuedAtOf(plan: Plan, index: number): Date {
  return spread(plan, tokenDays, index, plan.size.tokens);
}
