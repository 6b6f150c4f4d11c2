import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ephemeral ports of Linux (32768), macOS (49152) and Windows (49152). */
const lowest = 20_000;
const highest = 32_000;

/**
 * A loopback port without a listener, which the system gives to no other process while a test closes and reopens it. A
 * port from listening on 0 may belong to another test a moment after it is closed.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      // On all addresses, because tests use the same port on several of them.
      server.listen({ port, host: '0.0.0.0' }, () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
