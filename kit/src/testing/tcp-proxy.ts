import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, so that a test can take the way between them away. */
export interface TcpProxy {
  port: number;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Keeps connections, and passes nothing on. */
  silence(): void;
  /** Passes on what the client sends, and nothing that the server replies. */
  mute(): void;
  restore(): void;
  close(): Promise<void>;
}

/** @param url whose host and port are the server */
export async function openTcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'silent' | 'mute' = 'open';
  const pass = (from: Socket, to: Socket, isReply: boolean) => {
    sockets.add(from);
    from.on('data', (chunk) => {
      if (state === 'open' || (state === 'mute' && !isReply)) to.write(chunk);
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    pass(client, upstream, false);
    pass(upstream, client, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      state = 'cut';
      endAll();
    },
    silence: () => {
      state = 'silent';
    },
    mute: () => {
      state = 'mute';
    },
    restore: () => {
      if (state === 'silent' || state === 'mute') endAll();
      state = 'open';
    },
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
