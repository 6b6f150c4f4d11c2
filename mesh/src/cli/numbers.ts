import { MeshCliError } from './error.ts';

/** The value of an option that counts something. @throws MeshCliError where it is not a whole number from 1 on */
export function wholeNumber(option: string, value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new MeshCliError(`${option} must be a whole number from 1 on.`, `As in: ${option} 20`);
}
