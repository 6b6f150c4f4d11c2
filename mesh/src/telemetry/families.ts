import type { Durations } from './durations.ts';

/** One number that only grows. The hot path adds to `value` itself. */
export interface Counter {
  value: number;
}

/** Looks up a series of a family, or creates the series. Callers keep the result and do not look up per request. */
export type Series<T> = (...values: string[]) => T;

/** One name with the series that have been counted under it, one for each combination of label values. */
export interface Family<T> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly series: Map<string, Entry<T>>;
  readonly places: Set<string>;
}

interface Entry<T> {
  values: readonly string[];
  item: T;
  /** A counter's value (or the number of durations) at the end of the period before last, and of the last period. */
  older: number;
  newer: number;
}

/** Figures that are read on request. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly type: 'gauge' | 'counter';
  read(): Iterable<{ values: readonly string[]; value: number }>;
}

/** Everything that one process counts. */
export interface Families {
  readonly counters: Family<Counter>[];
  readonly durations: Family<Durations>[];
  readonly gauges: Gauge[];
}

/**
 * The maximum number of places of one family: combinations of names from documents and discovery (routes, services,
 * endpoints). Beyond the maximum, those labels read `other`.
 */
export const placesMax = 500;

/**
 * Labels whose values come from lists in the code. They take no place of their own. Otherwise a client that tries every
 * method would use up the places of routes that have had no request yet.
 */
const closedLabels: ReadonlySet<string> = new Set([
  'entrance',
  'http_request_method',
  'status_class',
  'primary_status_class',
  'reason',
  'flag',
  'outcome',
  'event',
]);

/** Whether the thing that a label names is no longer in force. */
export type IsGone = (label: string, value: string) => boolean;

export function familyNamed<T>(name: string, help: string, labels: readonly string[]): Family<T> {
  return { name, help, labels, series: new Map(), places: new Set() };
}

export function seriesOf<T>(family: Family<T>, make: () => T): Series<T> {
  return (...values) => {
    const key = keyOf(values);
    const known = family.series.get(key);
    if (known !== undefined) return known.item;
    const { labels, places } = family;
    const place = placeOf(labels, values);
    if (!places.has(place)) {
      if (places.size >= placesMax) {
        const others = values.map((value, i) => (closedLabels.has(labels[i] ?? '') ? value : 'other'));
        if (others.some((value, i) => value !== values[i])) return seriesOf(family, make)(...others);
      }
      places.add(place);
    }
    const item = make();
    family.series.set(key, { values, item, older: 0, newer: 0 });
    return item;
  };
}

/** The key of a series in its family. */
export function keyOf(values: readonly string[]): string {
  return values.join('\u0000');
}

function placeOf(labels: readonly string[], values: readonly string[]): string {
  return keyOf(values.filter((_, i) => !closedLabels.has(labels[i] ?? '')));
}

/** Ends a period for one series, whose value is `value` now. */
export function endPeriodOf(entry: Entry<unknown>, value: number): void {
  entry.older = entry.newer;
  entry.newer = value;
}

/** Drops the series that have not changed for a period and name something that is gone. */
export function dropGone({ labels, series, places }: Family<unknown>, isGone: IsGone): void {
  const before = series.size;
  for (const [key, { values, older, newer }] of series) {
    if (older === newer && values.some((value, i) => isGone(labels[i] ?? '', value))) series.delete(key);
  }
  if (series.size === before) return;
  places.clear();
  for (const { values } of series.values()) places.add(placeOf(labels, values));
}

/** Drops the series whose labels have the `wanted` values, and frees their places. */
export function dropSeries(family: Family<unknown>, wanted: Readonly<Record<string, string>>): void {
  const { labels, series, places } = family;
  const conditions = Object.entries(wanted).map(([label, value]) => ({ at: labels.indexOf(label), value }));
  if (conditions.some(({ at }) => at < 0)) return;
  for (const [key, { values }] of series) {
    if (conditions.some(({ at, value }) => values[at] !== value)) continue;
    series.delete(key);
    places.delete(placeOf(labels, values));
  }
}

export function labeled(labels: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, i) => [label, values[i] ?? '']));
}

/** The series of a family of counters; `recent` is the growth in the recent periods. */
export function countersIn({ labels, series }: Family<Counter>) {
  return [...series.values()].map(({ values, item, older }) => ({
    labels: labeled(labels, values),
    value: item.value,
    recent: item.value - older,
  }));
}
