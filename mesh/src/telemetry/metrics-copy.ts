import { Durations, type DurationsCopy } from './durations.ts';
import { type Families, type Family, familyNamed, type Gauge, keyOf, seriesOf } from './families.ts';

interface FamilyCopy<S> {
  name: string;
  help: string;
  labels: readonly string[];
  series: ({ values: readonly string[] } & S)[];
}

/** Everything that one process has counted, as plain data. */
export interface MetricsCopy {
  recentMs: number;
  counters: FamilyCopy<{ value: number; older: number }>[];
  durations: FamilyCopy<{ durations: DurationsCopy }>[];
  gauges: (FamilyCopy<{ value: number }> & { type: Gauge['type'] })[];
}

/** @param recentMs how far back "recent" reaches */
export function copyOf({ counters, durations, gauges }: Families, recentMs: number): MetricsCopy {
  return {
    recentMs,
    counters: counters.map(({ name, help, labels, series }) => ({
      name,
      help,
      labels,
      series: [...series.values()].map(({ values, item, older }) => ({ values, value: item.value, older })),
    })),
    durations: durations.map(({ name, help, labels, series }) => ({
      name,
      help,
      labels,
      series: [...series.values()].map(({ values, item }) => ({ values, durations: item.copy() })),
    })),
    gauges: gauges.map(({ name, help, labels, type, read }) => ({ name, help, labels, type, series: [...read()] })),
  };
}

/**
 * Adds the counters and durations of another process. Creates the families that are missing. Gauges:
 * `merged-metrics.ts`.
 */
export function addCopy(
  families: Families,
  { counters, durations }: Pick<MetricsCopy, 'counters' | 'durations'>,
): void {
  for (const copy of counters) {
    const family = familyIn(families.counters, copy);
    const series = seriesOf(family, () => ({ value: 0 }));
    for (const { values, value, older } of copy.series) {
      const counter = series(...values);
      counter.value += value;
      // Beyond the maximum of places, the value went into the series of the others.
      const entry = family.series.get(keyOf(values));
      if (entry !== undefined) entry.older += older;
    }
  }
  for (const copy of durations) {
    const series = seriesOf(familyIn(families.durations, copy), () => new Durations());
    for (const { values, durations: other } of copy.series) series(...values).add(other);
  }
}

function familyIn<T>(families: Family<T>[], { name, help, labels }: Omit<FamilyCopy<object>, 'series'>): Family<T> {
  const known = families.find((family) => family.name === name);
  if (known !== undefined) return known;
  const created = familyNamed<T>(name, help, labels);
  families.push(created);
  return created;
}
