import { readdirSync, readFileSync } from 'node:fs';

/**
 * Memory of a process and its descendants, in bytes; null when unknown. Pages that several of them share
 * (PostgreSQL's buffers) are counted once: the proportional set size where it can be read, otherwise the resident set
 * size.
 */
export function memoryOf(pid: number): number | null {
  const pids = [pid, ...descendants(pid)];
  const sizes = pids.map(
    (one) => kilobytes(`/proc/${one}/smaps_rollup`, 'Pss') ?? kilobytes(`/proc/${one}/status`, 'VmRSS'),
  );
  const known = sizes.filter((size) => size !== null);
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0) * 1024;
}

function kilobytes(file: string, field: string): number | null {
  try {
    const match = readFileSync(file, 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const entry of entries()) {
    try {
      // The second field, the name in parentheses, may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(entry)]);
    } catch {
      // The process ended after the listing.
    }
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const children = parents.get(next) ?? [];
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

function entries(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
