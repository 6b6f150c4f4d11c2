import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { visible, visibleJson } from './visible.ts';

test('control sequences are shown as text', () => {
  assert.equal(visible('a\u001b[2Jb'), 'a\\u001b[2Jb');
  assert.equal(visible('\u009b31m \u007f \u0000 \r'), '\\u009b31m \\u007f \\u0000 \\u000d');
  assert.equal(visible('evil\u202egnp.exe'), 'evil\\u202egnp.exe');
  assert.equal(visible('two\nlines\tand a tab, é 日本 🌳'), 'two\nlines\tand a tab, é 日本 🌳');
});

test('JSON stays the same JSON, and none of it can move a terminal', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
      const value = JSON.parse(text) as unknown;
      for (const indent of [undefined, 2]) {
        const shown = visibleJson(value, indent);
        assert.deepEqual(JSON.parse(shown), value);
        assert.doesNotMatch(shown, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    }),
  );
});
