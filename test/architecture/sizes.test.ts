import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isTest, type Source, sourcesBelow, workspaces } from './sources.ts';

const sourceLinesMax = 300;
const testLinesMax = 500;

/** Files that may be longer, each with the reason. */
const exceptions: Readonly<Record<string, string>> = {};

const linesOf = ({ text }: Source) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
const isTooLong = (source: Source) => linesOf(source) > (isTest(source.path) ? testLinesMax : sourceLinesMax);

describe('the length of files', () => {
  const long = workspaces().flatMap(sourcesBelow).filter(isTooLong);

  test(`source files have at most ${sourceLinesMax} lines, tests at most ${testLinesMax}`, () => {
    assert.deepEqual(
      long.filter(({ path }) => exceptions[path] === undefined).map((source) => `${source.path}: ${linesOf(source)}`),
      [],
    );
  });

  test('every exception is still needed', () => {
    const paths = new Set(long.map(({ path }) => path));
    assert.deepEqual(
      Object.keys(exceptions).filter((path) => !paths.has(path)),
      [],
    );
  });
});
