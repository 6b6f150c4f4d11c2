const pattern = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2}(?:\.\d{1,6})?)(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Milliseconds since the epoch of `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` or RFC 3339; without a zone it is UTC. Undefined
 * for other texts, and for days that the calendar does not have. Values of fields are wider than the dates of filters,
 * which take no blank.
 */
export function fieldMoment(text: string): number | undefined {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = 'Z'] = pattern.exec(text) ?? [];
  if (year === undefined) return undefined;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // Date.parse moves the 31st of a short month to the next.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number.isNaN(ms) || Number(day) > days ? undefined : ms;
}
