import type { Figure, Stage } from '../proof/report-data.ts';

/** Milliseconds with as many digits as mean something; a dash for no figure. */
export function ms(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits).replace('-', '−')} ms`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A figure with its unit; a dash for no figure. */
export function figure({ value, unit }: Figure): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  return `${value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`.trim();
}

/** How a stage was driven, in short. */
export function loadOf({ driver, connections, offeredPerSecond }: Stage): string {
  if (driver === 'autocannon' || offeredPerSecond === undefined) return `closed, ${connections} conn.`;
  return `open, ${offeredPerSecond.toFixed(offeredPerSecond < 10 ? 1 : 0)}/s`;
}

export function bytes(value: number): string {
  return value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(1)} GiB` : `${(value / 2 ** 20).toFixed(0)} MiB`;
}
