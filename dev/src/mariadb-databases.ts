import { connectedMariadb } from './connected-mariadb.ts';

const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``;

/**
 * Creates the databases that a MariaDB server lacks: UTF-8, compared and sorted bytewise, trailing blanks included.
 * @returns the names of the created databases.
 */
export function ensureMariadbDatabases(serverUrl: string, names: readonly string[]): Promise<string[]> {
  return connectedMariadb(serverUrl, async (connection) => {
    const made: string[] = [];
    for (const name of names) {
      const sql = `create database if not exists ${quoted(name)} character set utf8mb4 collate utf8mb4_nopad_bin`;
      const { affectedRows } = (await connection.query(sql)) as { affectedRows: number };
      if (affectedRows > 0) made.push(name);
    }
    return made;
  });
}
