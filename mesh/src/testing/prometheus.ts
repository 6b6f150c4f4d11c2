import assert from 'node:assert/strict';

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const sampleForm = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const labelForm = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/**
 * Reads metrics as strictly as the format allows
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details): each family in one piece under
 * its HELP and TYPE, no sample twice, counters named `_total` and never negative, buckets that add up.
 */
export function readPrometheus(text: string): Sample[] {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  let family = '';
  let helped = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') {
        helped = name;
        continue;
      }
      assert.match(rest, /^(counter|gauge|histogram|summary)$/, line);
      assert.equal(helped, name, 'HELP stands before TYPE');
      assert.ok(!types.has(name), `${name} is there once`);
      assert.equal(rest === 'counter', name.endsWith('_total'), `${name} is named after its type`);
      types.set(name, rest);
      family = name;
      continue;
    }
    const sample = readSample(line);
    const type = types.get(family) ?? 'untyped';
    const suffixes =
      type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'summary' ? ['', '_sum', '_count'] : [''];
    assert.ok(suffixes.includes(sample.name.slice(family.length)) && sample.name.startsWith(family), line);
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    assert.ok(!seen.has(key), `once: ${line}`);
    seen.add(key);
    if (type === 'counter') assert.ok(sample.value >= 0, line);
    samples.push(sample);
  }
  for (const [name, type] of types) if (type === 'histogram') checkBuckets(name, samples);
  return samples;
}

function readSample(line: string): Sample {
  const match = sampleForm.exec(line);
  assert.ok(match !== null, `a sample: ${line}`);
  const [, name = '', inner = '', value = ''] = match;
  const labels: Record<string, string> = {};
  labelForm.lastIndex = 0;
  while (labelForm.lastIndex < inner.length) {
    const label = labelForm.exec(inner);
    assert.ok(label !== null, `labels: ${line}`);
    const [, key = '', content = ''] = label;
    assert.ok(!Object.hasOwn(labels, key), line);
    labels[key] = content;
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkBuckets(name: string, samples: readonly Sample[]): void {
  const counts = new Map<string, Sample[]>();
  const keyOf = ({ le: _, ...labels }: Record<string, string>) => JSON.stringify(Object.entries(labels).sort());
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const key = keyOf(sample.labels);
    counts.set(key, [...(counts.get(key) ?? []), sample]);
  }
  for (const [key, buckets] of counts) {
    for (const [i, { value, labels }] of buckets.entries()) {
      const before = buckets[i - 1];
      if (before === undefined) continue;
      assert.ok(
        value >= before.value && Number(labels.le?.replace('+Inf', 'Infinity')) > Number(before.labels.le),
        key,
      );
    }
    const count = samples.find((sample) => sample.name === `${name}_count` && keyOf(sample.labels) === key);
    assert.equal(buckets.at(-1)?.labels.le, '+Inf');
    assert.equal(buckets.at(-1)?.value, count?.value, key);
  }
}
