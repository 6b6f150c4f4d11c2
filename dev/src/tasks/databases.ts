import { parseArgs } from 'node:util';
import { cloneDatabase } from '../clone-database.ts';
import { ensureDatabases, holdsTables } from '../databases.ts';
import { messageOf } from '../errors.ts';
import { ensureMariadbDatabases } from '../mariadb-databases.ts';

/**
 * Creates the platform's databases. Repeated runs are safe.
 *
 *   node dev/src/tasks/databases.ts --create monolith --create auth
 *   node dev/src/tasks/databases.ts --clone monolith:monolith_tuned     unless the copy already has tables
 *
 *   node dev/src/tasks/databases.ts --mariadb brands                    on the MariaDB server
 *
 * POSTGRES_URL, MARIADB_URL: a superuser's URL of the server; only the one that is used must be set.
 */
const usage = 'usage: databases.ts [--create NAME]... [--clone FROM:TO]... [--mariadb NAME]...';

/** The command line, checked completely before the first change. @throws Error for an invalid command line. */
function readArguments(): { create: string[]; clone: [string, string][]; mariadb: string[] } {
  const list = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({ options: { create: list, clone: list, mariadb: list } });
  const clone = (values.clone ?? []).map((pair): [string, string] => {
    const [from, to, ...rest] = pair.split(':');
    if (!from || !to || rest.length > 0) throw new Error(`--clone takes FROM:TO: ${pair}`);
    return [from, to];
  });
  return { create: values.create ?? [], clone, mariadb: values.mariadb ?? [] };
}

async function main(): Promise<number> {
  let wanted: ReturnType<typeof readArguments>;
  try {
    wanted = readArguments();
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  const onPostgres = wanted.create.length + wanted.clone.length > 0;
  const { POSTGRES_URL: postgresUrl = '', MARIADB_URL: mariadbUrl = '' } = process.env;
  const used = {
    ...(onPostgres && { POSTGRES_URL: postgresUrl }),
    ...(wanted.mariadb[0] && { MARIADB_URL: mariadbUrl }),
  };
  const missing = Object.entries(used).find(([, url]) => url === '');
  if (missing !== undefined) {
    console.error(`${missing[0]} is not set`);
    return 2;
  }
  try {
    const made = onPostgres ? await ensureDatabases(postgresUrl, wanted.create) : [];
    if (wanted.mariadb.length > 0) made.push(...(await ensureMariadbDatabases(mariadbUrl, wanted.mariadb)));
    if (made.length > 0) console.log(`made ${made.join(', ')}`);
    for (const [from, to] of wanted.clone) {
      if (await holdsTables(postgresUrl, to)) continue;
      await cloneDatabase(postgresUrl, from, to);
      console.log(`copied ${from} to ${to}`);
    }
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

process.exitCode = await main();
