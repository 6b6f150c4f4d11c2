import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { formatFault } from './fault.ts';
import { type ConfigResult, parseConfig } from './parse.ts';
import { canonicalJson } from './writing/digest.ts';

const folder = new URL('../../test-documents/', import.meta.url);
/** With UPDATE_GOLDEN=1 the expectations are written instead of compared: read the difference before keeping it. */
const update = process.env.UPDATE_GOLDEN === '1';

const variables = {
  SERVICE_NAME: 'tokens',
  SERVICE_HOST: 'tokens.internal',
  SERVICE_PORT: '3101',
  NUMERIC_HOST: '1234',
  EMPTY: '',
  WORD: 'word',
  SECRET: 'hunter2',
};

function parse(path: string): ConfigResult {
  return parseConfig([{ name: path, text: readFileSync(new URL(path, folder), 'utf8') }], variables);
}

function assertGolden(path: string, actual: string): void {
  const url = new URL(path, folder);
  if (update) writeFileSync(url, actual);
  assert.ok(existsSync(url), `${path} is missing: UPDATE_GOLDEN=1 writes it`);
  assert.equal(actual, readFileSync(url, 'utf8'));
}

const documentsIn = (kind: string): string[] =>
  readdirSync(new URL(`${kind}/`, folder)).filter((name) => name.endsWith('.yaml'));

describe('good documents', () => {
  for (const name of documentsIn('good')) {
    test(name, () => {
      const result = parse(`good/${name}`);
      assert.ok(result.ok, result.ok ? '' : result.faults.map(formatFault).join('\n'));
      assertGolden(`good/${name.replace('.yaml', '.config.txt')}`, `${canonicalJson(result.config, 2)}\n`);
      const warnings = result.warnings.map(formatFault).join('\n');
      if (warnings === '') assert.ok(!existsSync(new URL(`good/${name.replace('.yaml', '.warnings.txt')}`, folder)));
      else assertGolden(`good/${name.replace('.yaml', '.warnings.txt')}`, `${warnings}\n`);
    });
  }
});

describe('bad documents', () => {
  for (const name of documentsIn('bad')) {
    test(name, () => {
      const result = parse(`bad/${name}`);
      assert.ok(!result.ok, 'these documents must be refused');
      assertGolden(`bad/${name.replace('.yaml', '.faults.txt')}`, `${result.faults.map(formatFault).join('\n')}\n`);
      assert.doesNotMatch(JSON.stringify(result), /hunter2/, 'a value from the environment must not show');
    });
  }
});

test('every expectation has its document', () => {
  const orphans = ['good', 'bad'].flatMap((kind) => {
    const documents = new Set(documentsIn(kind).map((name) => name.replace('.yaml', '')));
    return readdirSync(new URL(`${kind}/`, folder))
      .filter((name) => !documents.has(name.replace(/\.(yaml|config\.txt|warnings\.txt|faults\.txt)$/, '')))
      .map((name) => `${kind}/${name}`);
  });
  assert.deepEqual(orphans, []);
});
