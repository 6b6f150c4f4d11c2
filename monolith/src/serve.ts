import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { buildApp } from './app.ts';
import { parseConfig } from './config.ts';
import { openPool } from './db.ts';
import { Debts } from './debts.ts';
import { Readiness } from './health/readiness.ts';
import { startJobs } from './jobs/jobs.ts';
import { prepareStore } from './jobs/prepare-store.ts';
import { createLog } from './log.ts';
import type { Shop } from './shop.ts';

/** Serves until SIGTERM or SIGINT, finishes requests in flight, and returns the exit code. */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  const parsed = parseConfig(env);
  if (!parsed.ok) {
    for (const { key, value, rule } of parsed.faults) process.stderr.write(`${key}=${value}: ${rule}\n`);
    return 1;
  }
  const { config } = parsed;
  const log = createLog(config.logLevel);
  const db = openPool(config.databaseUrl, (err) => log.warn({ err }, 'idle store connection lost'));
  const shop: Shop = { db, config, debts: new Debts(config.debtsPaid), now: () => new Date(), log };
  const readiness = new Readiness(db);
  const app = buildApp(shop, readiness);
  const stopping = new AbortController();
  const asked = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);

  try {
    await app.listen({ host: config.host, port: config.port });
    const prepared = prepareStore(shop, readiness, stopping.signal).then(() => true);
    const ready = await Promise.race([prepared, asked.then(() => false)]);
    if (ready) {
      log.info({ url: app.listeningOrigin, debtsPaid: config.debtsPaid }, 'listening');
      // With NODE_COMPILE_CACHE, the next start finds what this one compiled, however this one ends.
      flushCompileCache();
      const stopJobs = startJobs(shop);
      await asked;
      await stopJobs();
    } else {
      stopping.abort();
      await prepared.catch(() => undefined);
    }
    return 0;
  } catch (err) {
    log.fatal({ err }, 'cannot serve');
    return 1;
  } finally {
    await app.close();
    await db.end();
    log.info('stopped');
  }
}
