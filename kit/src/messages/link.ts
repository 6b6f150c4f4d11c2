import { type ChannelModel, type ConfirmChannel, connect, type RecoveringChannelModel } from 'amqplib';

export interface LinkOptions {
  /** `amqp://user:password@host:port/vhost` */
  url: string;
  /** Shown in the broker's list of connections. */
  name: string;
  /** Runs on each new channel, also the first. Declares, and consumes again: a new channel knows nothing. */
  setup: (channel: ConfirmChannel) => Promise<void>;
  /** Called when the channel is there. */
  onReady?: () => void;
  /** Called when the channel is gone, or could not be had. Another attempt follows. */
  onLost?: (error: Error) => void;
  /** First wait before connecting again. Doubles up to `maxBackOffMs`. */
  backOffMs?: number;
  maxBackOffMs?: number;
}

/** One connection with one channel, which come back until it is closed. */
export interface Link {
  /** Null while there is none. */
  readonly channel: ConfirmChannel | null;
  /** Gives the channel up, and the connection with it. New ones follow. */
  renew(): void;
  close(): Promise<void>;
}

/**
 * Opens a link. The driver brings back a lost connection, but no channel: neither after that nor after an error of the
 * channel alone. So a channel that closes takes its connection with it, and there is one way to begin again.
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { url, name, setup, onReady = () => {}, onLost = () => {}, backOffMs = 100, maxBackOffMs = 5_000 } = options;
  let channel: ConfirmChannel | null = null;
  let model: ChannelModel | null = null;
  let closed = false;

  const lost = (error: Error) => {
    if (channel === null) return;
    channel = null;
    if (!closed) onLost(error);
  };
  const renew = () => {
    lost(new Error('the channel was given up'));
    void model?.close().catch(() => {});
  };

  const connection: RecoveringChannelModel = await connect(url, {
    // Otherwise a small frame waits for the acknowledgement of the one before it.
    noDelay: true,
    keepAlive: true,
    timeout: 2_000,
    clientProperties: { connection_name: name },
    recovery: {
      initialDelay: backOffMs,
      maxDelay: maxBackOffMs,
      waitForConnect: false,
      setup: async (opened: ChannelModel) => {
        model = opened;
        // An event `error` without a listener ends the process. The event `close` follows and says the same.
        opened.on('error', () => {});
        const mine = await opened.createConfirmChannel();
        let cause = new Error('the channel was closed');
        mine.on('error', (error) => {
          cause = error;
        });
        mine.on('close', () => {
          if (channel === mine) lost(cause);
          if (!closed) void opened.close().catch(() => {});
        });
        await setup(mine);
        channel = mine;
        onReady();
      },
    },
  });
  connection.on('error', () => {});
  connection.on('disconnect', lost);
  connection.on('connect-failed', (error) => {
    if (!closed) onLost(error);
  });

  return {
    get channel() {
      return channel;
    },
    renew,
    close: async () => {
      closed = true;
      const last = channel;
      channel = null;
      // Waits for the acknowledgements: frames of a connection's end may overtake those of a channel.
      await last?.close().catch(() => {});
      await connection.close();
    },
  };
}
