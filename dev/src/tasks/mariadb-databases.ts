import { parseArgs } from 'node:util';
import { messageOf } from '../errors.ts';
import { ensureMariadbDatabases } from '../mariadb-databases.ts';

/**
 * Creates databases on MariaDB, each with a user of the same name. Repeated runs are safe.
 *
 *   node dev/src/tasks/mariadb-databases.ts --create brands
 *
 * MARIADB_URL: the URL of the server with a user who may create databases and users. The new users get its password.
 */
const usage = 'usage: mariadb-databases.ts [--create NAME]...';

function readArguments(): string[] {
  const { values } = parseArgs({ options: { create: { type: 'string', multiple: true } } });
  return values.create ?? [];
}

async function main(): Promise<number> {
  let names: string[];
  try {
    names = readArguments();
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    return 2;
  }
  const serverUrl = process.env.MARIADB_URL;
  if (serverUrl === undefined || serverUrl === '') {
    console.error('MARIADB_URL is not set');
    return 2;
  }
  try {
    const made = await ensureMariadbDatabases(serverUrl, names);
    if (made.length > 0) console.log(`made ${made.join(', ')}`);
    return 0;
  } catch (error) {
    console.error(messageOf(error));
    return 1;
  }
}

process.exitCode = await main();
