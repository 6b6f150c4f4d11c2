// A one-shot for the launcher's own tests: leaves a credentials file, as the seed does.
import { writeFileSync } from 'node:fs';

const file = process.argv[process.argv.indexOf('--credentials') + 1];
const client = { client_id: 'demo-client', client_secret: 'demo-secret', name: 'Demo', kind: 'admin' };
writeFileSync(file, JSON.stringify({ clients: [client], arguments: process.argv.slice(4) }));
if (process.env.TASK_FAILS) {
  console.log('the task failed');
  process.exit(4);
}
