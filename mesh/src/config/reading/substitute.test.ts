// biome-ignore-all lint/suspicious/noTemplateCurlyInString: documents contain such texts
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { substitute } from './substitute.ts';

const variables = { HOST: 'auth', EMPTY: '', TRICK: '${HOST}' };

describe('variables', () => {
  const cases: [string, string][] = [
    ['${HOST}', 'auth'],
    ['http://${HOST}:${PORT:-3101}/', 'http://auth:3101/'],
    ['${HOST:-other}', 'auth'],
    ['${EMPTY:-other}', 'other'],
    ['${EMPTY}', ''],
    ['${NONE:-}', ''],
    ['$${HOST}', '${HOST}'],
    ['$HOST and $5', '$HOST and $5'],
    ['^a$', '^a$'],
    // A filled-in value is not expanded again.
    ['${TRICK}', '${HOST}'],
    ['${NONE:-a:-b}', 'a:-b'],
  ];
  for (const [written, text] of cases) {
    test(`${written} is ${JSON.stringify(text)}`, () => {
      assert.deepEqual(substitute(written, variables), {
        text,
        substituted: text !== written && !written.startsWith('$$'),
        faults: [],
      });
    });
  }

  test('that are missing are named', () => {
    const { faults } = substitute('${ONE}-${TWO}', variables);
    assert.equal(faults.length, 2);
    assert.match(faults.join('\n'), /ONE[\s\S]*TWO/);
  });

  test('do not reach inherited properties of objects', () => {
    assert.equal(substitute('${constructor}', {}).faults.length, 1);
    assert.equal(substitute('${__proto__}', {}).faults.length, 1);
  });

  test('leave text without "${" as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('${'));
        assert.equal(substitute(text, variables).text, text);
      }),
    );
  });
});
