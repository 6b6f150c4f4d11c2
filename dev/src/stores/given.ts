import { setTimeout as pause } from 'node:timers/promises';
import { DevError, messageOf } from '../errors.ts';

/** Limit for a server that another process starts at the same moment, in milliseconds. */
const givenLimitMs = 5_000;

export interface Given {
  /** Name of the variable that holds the URL: `POSTGRES_URL`. */
  variable: string;
  url: string;
  /** Asks the server something; rejects with an error that has a `code`. */
  ask: () => Promise<unknown>;
  /** Codes of a server that is starting. */
  passing: readonly string[];
}

/** @throws DevError store_unavailable when the server of a given URL does not respond; the message says what to do. */
export async function mustRespond({ variable, url, ask, passing }: Given): Promise<void> {
  const next = `correct ${variable}, or unset it to use a server of this machine`;
  if (!URL.canParse(url)) throw new DevError('store_unavailable', `${variable} is no URL: ${next}`);
  const end = performance.now() + givenLimitMs;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!passing.includes(code) || performance.now() > end) {
        const { host } = new URL(url);
        throw new DevError('store_unavailable', `${variable} (${host}): ${messageOf(error)}; ${next}`);
      }
      await pause(100);
    }
  }
}
