import type { ConnectionConfig } from 'mariadb';

/** Text is compared byte by byte, and a trailing blank counts. The server's default holds e = é, a = A and a = "a ". */
export const charset = 'utf8mb4';
export const collation = 'utf8mb4_nopad_bin';

const sqlMode =
  'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

export interface ConnectionLimits {
  connectTimeoutMs: number;
  /** The server ends a statement that takes longer. */
  queryTimeoutMs: number;
}

/** The server counts the wait for a lock in whole seconds, and the wait must end before the statement does. */
const lockWaitS = (queryTimeoutMs: number) => Math.max(1, Math.floor(queryTimeoutMs / 2_000));

/** A process that hangs within a transaction must not hold its locks for ever: a change of an owner waits for them. */
const idleTransactionS = 5;

/** How long a statement may take in the server. Longer than the wait for a lock, whose end says more. */
export const statementLimitMs = (queryTimeoutMs: number): number =>
  Math.max(queryTimeoutMs, lockWaitS(queryTimeoutMs) * 1_000 + 250);

/** @param url such as `mariadb://user:password@host:port/database` */
export function connectionConfig(url: string, limits: ConnectionLimits): ConnectionConfig {
  const { hostname, port, username, password, pathname } = new URL(url);
  const seconds = statementLimitMs(limits.queryTimeoutMs) / 1_000;
  const lockS = lockWaitS(limits.queryTimeoutMs);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    connectTimeout: limits.connectTimeoutMs,
    keepAliveDelay: 10_000,
    collation: collation.toUpperCase(),
    // A BIGINT is a number; one over 2^53 is an error and is not rounded. DECIMAL stays text.
    bigIntAsNumber: true,
    insertIdAsNumber: true,
    checkNumberRange: true,
    // A Date has only milliseconds.
    dateStrings: true,
    // Text is what was stored, also if it is JSON.
    autoJsonMap: false,
    // An error message with the values of its statement would bring them into the log.
    logParam: false,
    initSql: [
      // Under REPEATABLE READ a reader that locks blocks inserts, and inserts of one new key end in deadlocks.
      'set session transaction isolation level read committed',
      `set session sql_mode = '${sqlMode}', time_zone = '+00:00', max_statement_time = ${seconds},
        innodb_lock_wait_timeout = ${lockS}, lock_wait_timeout = ${lockS},
        idle_transaction_timeout = ${idleTransactionS}`,
    ],
  };
}
