import { readdirSync, readFileSync } from 'node:fs';

/** A process and what it has used so far, its children included. */
export interface Usage {
  cpuUs: number;
  residentBytes: number;
}

/** Length of a clock tick of /proc in microseconds: USER_HZ is 100 on every Linux that Node runs on. */
export const tickUs = 10_000;
const pageBytes = 4096;

/** CPU ticks (user and system, waited-for children too), parent and resident pages from the text of /proc/PID/stat. */
export function parseStat(text: string): { parent: number; ticks: number; residentPages: number } {
  // The name, in parentheses, may hold spaces and parentheses itself: fields are counted from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17), residentPages: field(24) };
}

/** Reads the use of `pid` and of all processes below it; null where there is no /proc or no such process. */
export function usageOf(pid: number): Usage | null {
  const all = new Map<number, { parent: number; ticks: number; residentPages: number }>();
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        all.set(Number(name), parseStat(readFileSync(`/proc/${name}/stat`, 'utf8')));
      } catch {
        // It ended while we looked.
      }
    }
  } catch {
    return null;
  }
  if (!all.has(pid)) return null;
  const usage: Usage = { cpuUs: 0, residentBytes: 0 };
  const pending = [pid];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const one = all.get(next);
    if (one === undefined) continue;
    usage.cpuUs += one.ticks * tickUs;
    usage.residentBytes += one.residentPages * pageBytes;
    for (const [child, { parent }] of all) if (parent === next) pending.push(child);
  }
  return usage;
}
