import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A debt as the monolith itself lists it. */
export interface Debt {
  number: number;
  name: string;
  tunable: boolean;
  path: string;
  summary: string;
}

/** The debts as the monolith's own command line lists them. */
export async function listDebts(folder: string): Promise<Debt[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ['monolith/src/main.ts', '--debts', '--json'], {
    cwd: folder,
  });
  return JSON.parse(stdout) as Debt[];
}
