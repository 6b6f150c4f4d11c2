import type { FastifyBaseLogger } from 'fastify';
import type { Config } from './config.ts';
import type { Pool } from './db.ts';
import type { Debts } from './debts.ts';

/** The dependencies of every area of the shop. */
export interface Shop {
  db: Pool;
  config: Config;
  debts: Debts;
  now: () => Date;
  log: FastifyBaseLogger;
}
