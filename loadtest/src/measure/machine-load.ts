import { readFileSync } from 'node:fs';
import { tickUs } from './processes.ts';

/**
 * CPU microseconds that this machine has been busy since it started, all cores together, from the text of /proc/stat: user, nice,
 * system, interrupts, and what the host took away (proc_stat(5)). Guests are part of user already.
 */
export function parseBusyUs(text: string): number {
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = (
    text.split('\n', 1)[0] ?? ''
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + interrupt + softInterrupt + stolen) * tickUs;
}

/** Null where there is no /proc. */
export function machineBusyUs(): number | null {
  try {
    return parseBusyUs(readFileSync('/proc/stat', 'utf8'));
  } catch {
    return null;
  }
}
