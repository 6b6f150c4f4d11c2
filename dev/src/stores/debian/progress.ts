import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Steps of the percentage that are told. */
const stepPercent = 10;

/** Reads apt's status lines (`dlstatus:2:45.0:Retrieving file 2 of 4`) and tells a tenth once. */
export function downloadProgress(output: Readable, tell: (text: string) => void): void {
  let told = -1;
  createInterface({ input: output }).on('line', (line) => {
    if (line === 'unpacking') tell('unpacking');
    const match = line.match(/^dlstatus:\d+:([\d.]+):/);
    if (match === null) return;
    const step = Math.floor(Number(match[1]) / stepPercent);
    // The end is told by what follows.
    if (step <= told || step === 0 || step >= 100 / stepPercent) return;
    told = step;
    tell(`${step * stepPercent} %`);
  });
}
