import { parseArgs } from 'node:util';
import { cloneDatabase, ensureDatabases, holdsTables } from '../databases.ts';

/**
 * The platform's databases, made before anything uses them. Each run is safe to repeat.
 *
 *   node dev/src/tasks/databases.ts --create monolith --create auth
 *   node dev/src/tasks/databases.ts --clone monolith:monolith_tuned     unless the copy already holds tables
 *
 * POSTGRES_URL: a superuser's URL of the server.
 */
const { values } = parseArgs({
  options: { create: { type: 'string', multiple: true }, clone: { type: 'string', multiple: true } },
});
const serverUrl = process.env.POSTGRES_URL;
if (serverUrl === undefined || serverUrl === '') {
  console.error('POSTGRES_URL is not set');
  process.exit(2);
}
try {
  const made = await ensureDatabases(serverUrl, values.create ?? []);
  if (made.length > 0) console.log(`made ${made.join(', ')}`);
  for (const pair of values.clone ?? []) {
    const [from = '', to = ''] = pair.split(':');
    if (await holdsTables(serverUrl, to)) continue;
    await cloneDatabase(serverUrl, from, to);
    console.log(`copied ${from} to ${to}`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
