/** Whether the debt affects the path of a token or another one. */
export type DebtPath = 'token' | 'other';

export interface Debt {
  number: number;
  name: string;
  /** Whether tuning alone can pay the debt, without a change of the architecture. */
  tunable: boolean;
  path: DebtPath;
  summary: string;
}

/** Every debt of the monolith. DEBTS.md describes each. */
export const allDebts = [
  {
    number: 1,
    name: 'slow-secret-hash',
    tunable: false,
    path: 'token',
    summary: 'Client secrets are hashed like passwords, on the event loop',
  },
  {
    number: 2,
    name: 'token-table-unindexed',
    tunable: true,
    path: 'token',
    summary: 'Nothing indexes the token table: each look-up reads all of it',
  },
  {
    number: 3,
    name: 'token-clean-up-in-request',
    tunable: true,
    path: 'token',
    summary: 'Every new token first looks for old ones to delete',
  },
  {
    number: 4,
    name: 'permissions-one-by-one',
    tunable: true,
    path: 'token',
    summary: 'The scope of a token is read with one query for each permission',
  },
  {
    number: 5,
    name: 'rate-by-counting-audit',
    tunable: true,
    path: 'token',
    summary: 'The rate limit counts the rows of the audit table',
  },
  {
    number: 6,
    name: 'audit-in-own-transaction',
    tunable: true,
    path: 'token',
    summary: 'Audit rows are written inside the request, each in a transaction of its own',
  },
  {
    number: 7,
    name: 'jobs-in-process',
    tunable: false,
    path: 'other',
    summary: 'Jobs run in the process that serves customers',
  },
  {
    number: 20,
    name: 'eav-joins',
    tunable: true,
    path: 'other',
    summary: 'A list of products joins its attribute values once for each attribute',
  },
  {
    number: 21,
    name: 'tree-by-queries',
    tunable: true,
    path: 'other',
    summary: 'The category tree is read with one query for each node',
  },
  {
    number: 22,
    name: 'audit-rows-in-request',
    tunable: false,
    path: 'other',
    summary: 'Every change writes an audit row inside its request',
  },
  {
    number: 23,
    name: 'checkout-locks',
    tunable: false,
    path: 'other',
    summary: 'Checkout holds row locks over nine steps of one transaction',
  },
  {
    number: 24,
    name: 'order-items-one-by-one',
    tunable: true,
    path: 'other',
    summary: 'A list of orders reads the items with one query for each order',
  },
  {
    number: 25,
    name: 'files-one-by-one',
    tunable: true,
    path: 'other',
    summary: 'The files of a page of products are read with one query each',
  },
  {
    number: 26,
    name: 'content-checked-on-read',
    tunable: true,
    path: 'other',
    summary: 'The content of a file is read into memory and hashed for every reader',
  },
  {
    number: 27,
    name: 'options-by-queries',
    tunable: true,
    path: 'other',
    summary: 'Variations are read with one query for the options of each, and one for the modifiers of each option',
  },
  {
    number: 28,
    name: 'children-one-by-one',
    tunable: true,
    path: 'other',
    summary: 'A build writes each child product with its own statements',
  },
  {
    number: 30,
    name: 'flow-values-one-by-one',
    tunable: true,
    path: 'other',
    summary: 'A list reads the values of flow fields with one query for each entity',
  },
  {
    number: 31,
    name: 'unique-values-unindexed',
    tunable: true,
    path: 'other',
    summary: 'A unique field compares a new value with all stored values',
  },
  {
    number: 32,
    name: 'promotions-read-whole',
    tunable: true,
    path: 'other',
    summary: 'Every reading of a cart reads all promotions, to find the automatic ones',
  },
  {
    number: 35,
    name: 'webhooks-in-process',
    tunable: false,
    path: 'other',
    summary: 'Webhooks are delivered by the process that serves customers',
  },
  {
    number: 36,
    name: 'exports-in-process',
    tunable: false,
    path: 'other',
    summary: 'Exports of orders run in the process that serves customers, and the store holds their files',
  },
  {
    number: 37,
    name: 'events-read-back',
    tunable: true,
    path: 'other',
    summary: 'Every change of the catalog reads the entity back for an event, even if no integration observes it',
  },
] as const satisfies readonly Debt[];

export type DebtName = (typeof allDebts)[number]['name'];

/** The state of all debts. A debt is paid by name when the program starts (`DEBTS_PAID`). */
export class Debts {
  readonly #paid: ReadonlySet<DebtName>;

  constructor(paid: Iterable<DebtName> = []) {
    this.#paid = new Set(paid);
  }

  /** True while the debt is not paid. */
  owed(name: DebtName): boolean {
    return !this.#paid.has(name);
  }

  /** Names of the paid debts, in the order of the list. */
  paid(): DebtName[] {
    return allDebts.map((debt) => debt.name).filter((name) => this.#paid.has(name));
  }
}

/**
 * Reads `DEBTS_PAID`: names separated by commas. `tunable` stands for all debts that tuning can pay. `unknown` holds
 * the names that are not debts.
 */
export function parseDebtsPaid(text: string): { paid: DebtName[]; unknown: string[] } {
  const given = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const paid = allDebts
    .filter((debt) => given.includes(debt.name) || (debt.tunable && given.includes('tunable')))
    .map((debt) => debt.name);
  const known: readonly string[] = [...allDebts.map((debt) => debt.name), 'tunable'];
  return { paid, unknown: given.filter((word) => !known.includes(word)) };
}
