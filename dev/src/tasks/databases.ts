import { parseArgs } from 'node:util';
import { cloneDatabase } from '../clone-database.ts';
import { ensureDatabases, holdsTables, leaveMigration } from '../databases.ts';
import { messageOf } from '../errors.ts';

/**
 * Creates the platform's databases. Repeated runs are safe.
 *
 *   node dev/src/tasks/databases.ts --create monolith --create auth
 *   node dev/src/tasks/databases.ts --clone monolith:monolith_tuned     unless the copy already has tables
 *
 * POSTGRES_URL: a superuser's URL of the server.
 */
const usage = 'usage: databases.ts [--create NAME]... [--clone FROM:TO]...';

/** The command line, checked completely before the first change. @throws Error for an invalid command line. */
function readArguments(): { create: string[]; clone: [string, string][] } {
  const list = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({ options: { create: list, clone: list } });
  const clone = (values.clone ?? []).map((pair): [string, string] => {
    const [from, to, ...rest] = pair.split(':');
    if (!from || !to || rest.length > 0) throw new Error(`--clone takes FROM:TO: ${pair}`);
    return [from, to];
  });
  return { create: values.create ?? [], clone };
}

async function main(): Promise<number> {
  let wanted: ReturnType<typeof readArguments>;
  try {
    wanted = readArguments();
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  const serverUrl = process.env.POSTGRES_URL;
  if (serverUrl === undefined || serverUrl === '') {
    console.error('POSTGRES_URL is not set');
    return 2;
  }
  try {
    const made = await ensureDatabases(serverUrl, wanted.create);
    if (made.length > 0) console.log(`made ${made.join(', ')}`);
    for (const [from, to] of wanted.clone) {
      if (!(await holdsTables(serverUrl, to))) {
        await cloneDatabase(serverUrl, from, to);
        console.log(`copied ${from} to ${to}`);
      }
      await leaveMigration(serverUrl, to);
    }
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

process.exitCode = await main();
