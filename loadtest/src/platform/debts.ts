import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PaidDebt } from '../proof/report-data.ts';

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

/** The debts that a service pays off, from the last column of the table in the monolith's DEBTS.md. */
export async function debtsPaidBy(service: string, folder: string): Promise<PaidDebt[]> {
  return paidIn(await readFile(join(folder, 'monolith', 'DEBTS.md'), 'utf8'), service);
}

/** Of the text of DEBTS.md. A debt that every service pays off is among them. */
export function paidIn(text: string, service: string): PaidDebt[] {
  return text.split('\n').flatMap((line) => {
    const [, number = '', name = '', costs = '', tunable = '', pays = ''] = line.split('|').map((cell) => cell.trim());
    const isPaid = pays.split(/[ ,]+/).includes(service) || pays.startsWith('every service');
    if (!/^\d+$/.test(number) || !isPaid) return [];
    return [{ number: Number(number), debt: name.replaceAll('`', ''), costs, tunable: tunable === 'yes' }];
  });
}
