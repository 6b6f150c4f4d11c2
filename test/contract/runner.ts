import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Case, openApi } from './api.ts';
import { differences } from './differences.ts';
import type { Side } from './sides.ts';
import { type Transcript, transcript } from './transcript.ts';

/**
 * Runs every case against every side. Then the replies of each side must be those of the first one, byte by byte but for
 * ids and moments.
 */
export function describeContract(
  resource: string,
  cases: readonly Case[],
  sides: Readonly<Record<string, () => Promise<Side>>>,
): void {
  const transcripts = new Map<string, Map<string, Transcript>>();
  const [reference = '', ...others] = Object.keys(sides);

  for (const [name, start] of Object.entries(sides)) {
    describe(`the contract of ${resource}, served by ${name}`, () => {
      let side: Side;
      const written = new Map<string, Transcript>();
      transcripts.set(name, written);
      before(async () => {
        side = await start();
      });
      after(() => side.close());

      for (const { name: title, run } of cases) {
        test(title, async () => {
          const record = transcript();
          await run(openApi({ ...side, tag: randomUUID(), onReply: record.note }));
          written.set(title, record);
        });
      }
    });
  }

  for (const other of others) {
    describe(`${other} and ${reference} send the same bytes`, () => {
      for (const { name: title } of cases) {
        test(title, (t) => {
          if (differences[title] !== undefined) return t.skip(differences[title]);
          const [expected, actual] = [reference, other].map((name) => transcripts.get(name)?.get(title)?.lines ?? []);
          assert.ok(expected !== undefined && expected.length > 0, 'the case has run');
          const at = expected.findIndex((line, index) => line !== actual?.[index]);
          if (at >= 0) assert.equal(actual?.[at], expected[at], `reply ${at + 1}`);
          assert.equal(actual?.length, expected.length);
        });
      }
    });
  }

  test('every named difference is one', () => {
    const titles = new Set(cases.map(({ name }) => name));
    for (const title of Object.keys(differences)) assert.ok(!titles.has(title) || isDifferent(title), title);
  });

  function isDifferent(title: string): boolean {
    const all = [...transcripts.values()].map((written) => JSON.stringify(written.get(title)?.lines));
    return new Set(all).size > 1;
  }
}
