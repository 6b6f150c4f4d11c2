import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminClient } from './admin-client.ts';
import { journal } from './journal.ts';

const entries = [
  { at: '2026-01-02T03:04:05.000Z', what: 'weights', who: 'ann\x1b[2J', why: 'step\x9b5', details: { route: 'token' } },
];

async function printed(limit: string, json: boolean): Promise<{ asked: string[]; text: string }> {
  const asked: string[] = [];
  const lines: string[] = [];
  const admin = {
    get: async (path: string) => {
      asked.push(path);
      return { entries };
    },
  } as unknown as AdminClient;
  await journal(admin, limit, json, { out: (line) => void lines.push(line), err: () => {} });
  return { asked, text: lines.join('\n') };
}

test('the journal is printed as a table, and control characters of others as text', async () => {
  const { asked, text } = await printed('20', false);
  assert.deepEqual(asked, ['/journal?limit=20']);
  assert.match(text, /^AT +WHAT +WHO +WHY +DETAILS\n2026-01-02T03:04:05\.000Z +weights +ann\\x1b\[2J +step\\x9b5 /);
});

test('as JSON the journal is what the admin port says', async () => {
  assert.deepEqual(JSON.parse((await printed('1', true)).text), { entries });
});

test('a limit must be a number', async () => {
  await assert.rejects(printed('x', false), /--limit/);
});
