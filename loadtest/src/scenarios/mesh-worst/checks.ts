import { bars, faster } from '../../proof/headline.ts';
import type { Check, Headline, Stage } from '../../proof/report-data.ts';
import { succeeds } from '../../proof/success.ts';
import { atMost, figure } from '../../proof/verdict.ts';

/** The instances take 10 ms, by a timer on any machine: the mesh may add a tenth of that. */
const addedShareMax = 0.1;
/** With the mesh, one faulty instance of five must cost less than half of what it costs without. */
const illShareMax = 0.5;

/**
 * The price when all is well, and what the mesh makes of one faulty instance of five. Failed requests are in every
 * percentile.
 */
export function worstChecks(stages: readonly Stage[]): Check[] {
  const at = (name: string) => stages.find((stage) => stage.name === name);
  const [through, past] = [at('healthy-with'), at('healthy-without')];
  const added = figure(through, 'p50Ms') - figure(past, 'p50Ms');
  return [
    atMost(
      'the price: added p50 when all is well, to p50 without the mesh',
      added / figure(past, 'p50Ms'),
      addedShareMax,
      [through, past],
      ` (${added.toFixed(2)} ms)`,
    ),
    ...['healthy', 'slow', 'failing', 'hanging'].map((name) => succeeds(stages, `${name}-with`, 99.9)),
    ...['slow', 'hanging'].map((name) => {
      const [ill, control] = [at(`${name}-with`), at(`${name}-without`)];
      const [withMs, withoutMs] = [figure(ill, 'p99Ms'), figure(control, 'p99Ms')];
      return atMost(
        `p99 with one ${name} instance, to p99 without the mesh`,
        withMs / withoutMs,
        illShareMax,
        [ill, control],
        ` (${withMs.toFixed(1)} ms with the mesh, ${withoutMs.toFixed(0)} ms without)`,
      );
    }),
  ];
}

/** One hanging instance of five, at the 99th percentile. */
export function worstHeadline(stages: readonly Stage[]): Headline {
  const p99 = (name: string) => stages.find((stage) => stage.name === name)?.p99Ms;
  const names = ['healthy', 'slow', 'failing', 'hanging'].flatMap((name) => [`${name}-without`, `${name}-with`]);
  return {
    done: 'One instance of five hangs. The mesh gives up on it early, tries another one, and stops sending requests to it.',
    ...faster('p99 of all requests:', p99('hanging-without'), p99('hanging-with')),
    stages: ['hanging-without', 'hanging-with'],
    chart: {
      title: 'p99 with and without the mesh: all well, and one slow, failing, hanging instance of five',
      unit: 'ms',
      bars: bars(stages, names, (stage) => stage.p99Ms),
    },
  };
}
