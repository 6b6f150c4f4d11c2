import { type Connection, createConnection } from 'mariadb';

/** Does the work on a connection of its own to a MariaDB server; `serverUrl`: `mariadb://user:password@host:port`. */
export async function connectedMariadb<T>(serverUrl: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { hostname, port, username, password } = new URL(serverUrl);
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    connectTimeout: 2_000,
  });
  // A server that goes away while the connection is idle is reported by the next query.
  connection.on('error', () => {});
  try {
    return await work(connection);
  } finally {
    await connection.end().catch(() => {});
  }
}
