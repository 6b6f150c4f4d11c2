import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePattern, maxPatternLength, patternFault } from './regex.ts';

/** The longest request line. */
const hostile = `${'a'.repeat(16_000)}!`;

describe('patterns', () => {
  test('match the whole value', () => {
    assert.ok(compilePattern('/v[12]/carts').test('/v2/carts'));
    assert.ok(!compilePattern('/v[12]/carts').test('/v2/carts/1'));
    assert.ok(!compilePattern('a|b').test('ab'), 'the alternatives are bound together');
    assert.ok(!compilePattern('a').test('a\n'));
  });

  // On V8's backtracking engine each of these takes longer than the age of the universe. Here they must end.
  const explosive = [
    '(a+)+',
    '(a|a)*',
    '(.*)*x',
    '.*.*.*.*=x',
    '(a{1,20}){1,20}b',
    '((a?){15}){15}b',
    '(a?){30}a{30}',
    String.raw`(\w+\s?)*`,
    '(a|b|ab)*c',
    '(([a-z])+.)+[A-Z]([a-z])+',
  ];
  for (const pattern of explosive) {
    test(`${pattern} ends on a hostile value`, () => assert.equal(compilePattern(pattern).test(hostile), false));
  }

  test('counted repetitions match the same values once written out', () => {
    const repetition = fc.record({
      atom: fc.constantFrom('a', '[ab]', '(?:ab)', '(a|b)', '.', '(a?)'),
      least: fc.nat(4),
      more: fc.nat(4),
      form: fc.constantFrom('exact', 'range', 'open'),
    });
    fc.assert(
      fc.property(
        fc.array(repetition, { maxLength: 4 }),
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }),
        (parts, value) => {
          const pattern = parts
            .map(({ atom, least, more, form }) => {
              if (form === 'exact') return `${atom}{${least}}`;
              return form === 'open' ? `${atom}{${least},}` : `${atom}{${least},${least + more}}`;
            })
            .join('');
          assert.equal(compilePattern(pattern).test(value), new RegExp(`^(?:${pattern})$`).test(value), pattern);
        },
      ),
    );
  });

  test('any text is either compiled or refused with a reason', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab()[]{}*+?|\\^$.,-1239:=!<>dwxn'), maxLength: 30 });
    fc.assert(
      fc.property(text, (pattern) => {
        const fault = patternFault(pattern);
        if (fault === null) assert.ok(compilePattern(pattern) instanceof RegExp);
        else assert.match(fault, /^must /);
      }),
      { numRuns: 1000 },
    );
  });

  test('have a bounded length', () => {
    assert.equal(
      patternFault('a'.repeat(maxPatternLength + 1)),
      `must not be longer than ${maxPatternLength} characters`,
    );
    assert.match(patternFault('('.repeat(60) + ')'.repeat(60)) ?? '', /must not nest groups/);
  });
});
