import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what Linux (32768), macOS (49152) and Windows (49152) give to those who ask for any port. */
const lowest = 20_000;
const highest = 32_000;

/**
 * A port on loopback that nobody listens on, and that the system gives to nobody else while a test leaves it closed or
 * comes back to it: one that was given out by listening on 0 may be another test's a moment later.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      // On all addresses: the same port is asked for on several of them.
      server.listen({ port, host: '0.0.0.0' }, () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
