import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingLine, stepsOf } from './steps.ts';

test('a chapter is read into steps with what they show, and what runs in a terminal apart', () => {
  const chapter =
    '# One\n\n```sh terminal\nnpm start\n```\n\n## Step 1\n\n```sh\na\nb\n```\n\n```text\nx … y\nz\n```\n';
  assert.deepEqual(stepsOf(chapter), {
    steps: [{ title: 'Step 1', commands: 'a\nb', sees: ['x … y', 'z'] }],
    terminals: ['npm start'],
  });
});

test('what is promised must appear, in order', () => {
  assert.equal(missingLine(['token: … auth=10', 'done'], 'token: monolith=90 auth=10\nall done\n'), null);
  assert.equal(missingLine(['token: … auth=10'], 'token: monolith=90 auth=1\n'), 'token: … auth=10');
  assert.equal(missingLine(['b', 'a'], 'a\nb\n'), 'a');
  assert.equal(missingLine(['a … b'], 'a\nb\n'), 'a … b', 'the ellipsis ends with the line');
  assert.equal(missingLine(['{"x":[…]}'], '{"x":[1,2]}'), null);
});
