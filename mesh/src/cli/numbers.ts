import { MeshCliError } from './error.ts';

/** The value of an option that counts something. @throws MeshCliError where it is not a whole number from 1 on */
export function wholeNumber(option: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new MeshCliError(`${option} must be a whole number from 1 on.`, `As in: ${option} 20`);
}

/** A share as people read it: `25 %`, `33.33 %`. A small share is not shown as none, nor a large one as all. */
export function percentText(percent: number): string {
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  if (percent < 100 && percent > 99.99) return '> 99.99 %';
  return `${Number(percent.toFixed(2))} %`;
}
