import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandsOf, inDocker, missingLine, stepsOf } from './steps.ts';

test('a chapter is read into steps with their output, and terminal blocks separately', () => {
  const chapter =
    '# One\n\n```sh terminal\nnpm start\n```\n\n## Step 1\n\n```sh\na\nb\n```\n\n```text\nx … y\nz\n```\n';
  assert.deepEqual(stepsOf(chapter), {
    steps: [{ title: 'Step 1', commands: 'a\nb', sees: ['x … y', 'z'] }],
    terminals: ['npm start'],
    docker: [],
  });
});

test('blocks for Docker alone are separate from the steps', () => {
  const { steps, docker } = stepsOf('# One\n\n```sh docker\ndocker x\n```\n\n```sh\na\n```\n');
  assert.deepEqual([docker, steps.map(({ commands }) => commands)], [['docker x'], ['a']]);
});

test('the table of the chapter translates commands for Docker, and a command without a row is an error', () => {
  const translate = inDocker('| `npm run mesh -- …` | `docker compose exec mesh mesh …` |\n');
  assert.equal(translate('npm run mesh -- shift a b\ncurl x'), 'docker compose exec mesh mesh shift a b\ncurl x');
  assert.throws(() => translate('npm run load -- token'), /no row for: npm run load/);
});

test('command lines are read only from code blocks, without comments', () => {
  const page = 'npm run a\n\n```\nnpm run b -- x   # why\nother\n```\n\n```sh\nnpm run c\n```\n';
  assert.deepEqual(commandsOf(page, ['npm run']), ['npm run b -- x', 'npm run c']);
});

test('promised lines must appear, in order', () => {
  assert.equal(missingLine(['token: … auth=10', 'done'], 'token: monolith=90 auth=10\nall done\n'), null);
  assert.equal(missingLine(['token: … auth=10'], 'token: monolith=90 auth=1\n'), 'token: … auth=10');
  assert.equal(missingLine(['b', 'a'], 'a\nb\n'), 'a');
  assert.equal(missingLine(['a … b'], 'a\nb\n'), 'a … b', 'the ellipsis ends with the line');
  assert.equal(missingLine(['{"x":[…]}'], '{"x":[1,2]}'), null);
});
