import pg from 'pg';

export interface NotificationOptions {
  url: string;
  applicationName: string;
  channels: readonly string[];
  onMessage: (channel: string, payload: string) => void;
  /** Called at each (re)connection. Earlier notifications are lost, so the listener must read the store again. */
  onConnected: () => void;
  /** Called with the reason when a connection ends or cannot be made. */
  onLost?: (error: Error) => void;
  /** First wait before reconnecting. Doubles up to `maxBackOffMs`. */
  backOffMs?: number;
  maxBackOffMs?: number;
}

export interface Notifications {
  readonly connected: boolean;
  close(): Promise<void>;
}

/**
 * Listens to PostgreSQL's NOTIFY on a connection of its own, and reconnects until it is closed. A lost connection loses
 * notifications, so they must not be the only way to learn of a change.
 */
export function listenToPostgres(options: NotificationOptions): Notifications {
  const { backOffMs = 100, maxBackOffMs = 5_000 } = options;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let waitMs = backOffMs;
  let connected = false;
  let closed = false;

  const lost = (lostClient: pg.Client, error: Error) => {
    if (client !== lostClient || closed) return;
    client = null;
    connected = false;
    options.onLost?.(error);
    timer = setTimeout(() => void connect(), waitMs);
    timer.unref();
    waitMs = Math.min(waitMs * 2, maxBackOffMs);
  };

  const connect = async () => {
    const mine = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      connectionTimeoutMillis: 2_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    client = mine;
    mine.on('error', (error) => lost(mine, error));
    mine.on('end', () => lost(mine, new Error('the connection ended')));
    mine.on('notification', ({ channel, payload }) => options.onMessage(channel, payload ?? ''));
    try {
      await mine.connect();
      for (const channel of options.channels) await mine.query(`listen ${mine.escapeIdentifier(channel)}`);
      if (closed) return;
      connected = true;
      waitMs = backOffMs;
      options.onConnected();
    } catch (error) {
      lost(mine, error instanceof Error ? error : new Error(String(error)));
      await mine.end().catch(() => {});
    }
  };

  void connect();
  return {
    get connected() {
      return connected;
    },
    close: async () => {
      closed = true;
      connected = false;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
