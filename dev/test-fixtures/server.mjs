// A tiny server for the launcher's own tests: healthy when its database (if it has one) responds, crashes on demand.
import { createServer } from 'node:http';
import pg from 'pg';

const { HOST = '127.0.0.1', PORT = '0', ADMIN_PORT, DATABASE_URL, GREETING = '' } = process.env;

async function databaseName() {
  const client = new pg.Client({ connectionString: DATABASE_URL });
  await client.connect();
  try {
    return (await client.query('SELECT current_database() AS name')).rows[0].name;
  } finally {
    await client.end();
  }
}

const server = createServer(async (request, response) => {
  if (request.url === '/crash') process.exit(7);
  if (request.url === '/environment') return response.end(JSON.stringify(process.env));
  try {
    response.end(JSON.stringify({ greeting: GREETING, database: DATABASE_URL ? await databaseName() : null }));
  } catch (error) {
    response.writeHead(503).end(String(error));
  }
});
if (GREETING === 'refuse') {
  console.log('{"severityNumber":21,"body":"refusing to start"}');
  process.exit(3);
}
server.listen(Number(PORT), HOST, () =>
  console.log(JSON.stringify({ severityNumber: 9, body: 'listening', attributes: { url: `http://${HOST}:${PORT}` } })),
);
if (ADMIN_PORT) createServer((_, response) => response.end('admin')).listen(Number(ADMIN_PORT), HOST);
process.on('SIGTERM', () => process.exit(0));
