const unitsMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Milliseconds of a Gateway API duration (GEP-2257: one to four of `h`, `m`, `s`, `ms`, no fractions), or null. */
export function parseDuration(text: string): number | null {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return null;
  let totalMs = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9]{1,5})(h|ms|m|s)/g)) {
    totalMs += Number(digits) * unitsMs[unit as keyof typeof unitsMs];
  }
  return totalMs;
}

/** The shortest GEP-2257 text of a number of milliseconds (whole, 0 to 99,999 hours). */
export function formatDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(restMs / unitsMs[unit]);
    restMs -= count * unitsMs[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}
