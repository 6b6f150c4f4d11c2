import pg from 'pg';

/** Does the work on a connection of its own to one database of a server. */
export async function connected<T>(
  serverUrl: string,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 60_000 });
  // A server that goes away while the connection is idle is reported by the next query.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
