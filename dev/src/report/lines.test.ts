import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import type { StackEvent } from '../stack/events.ts';
import { describe } from './lines.ts';

suite('events as lines', () => {
  const process = 'auth';
  const url = 'http://127.0.0.1:1';
  const cases: [StackEvent, string | null][] = [
    [{ event: 'preparing', process, text: 'fetching x: 40 %' }, 'auth: fetching x: 40 %'],
    [{ event: 'starting', process, pid: 1 }, null],
    [{ event: 'ready', process, pid: 1, url, ms: 7 }, `auth: ready in 7 ms, ${url}`],
    [{ event: 'ready', process, pid: 1, url: null, ms: 7 }, 'auth: ready in 7 ms'],
    [{ event: 'done', process, ms: 7, lastLine: '6 rows' }, 'auth: done in 7 ms: 6 rows'],
    [
      { event: 'exited', process, pid: 1, code: 3, signal: null, lastLine: 'no key' },
      'auth: ended with exit code 3: no key',
    ],
    [
      { event: 'exited', process, pid: 1, code: null, signal: 'SIGKILL', lastLine: 'request served' },
      'auth: ended with SIGKILL, from outside (a person, or the system short of memory)',
    ],
    [
      { event: 'exited', process, pid: 1, code: null, signal: 'SIGTERM', lastLine: 'request served' },
      'auth: ended with SIGTERM, from outside',
    ],
    [
      { event: 'exited', process, pid: 1, code: null, signal: 'SIGABRT', lastLine: 'heap out of memory' },
      'auth: ended with SIGABRT: heap out of memory',
    ],
    [{ event: 'restarted', process, pid: 1, url, ms: 7 }, `auth: ready again, ${url}`],
    [{ event: 'stopped', process }, 'auth: stopped'],
    [{ event: 'down', process, reason: 'needs redis' }, 'auth: stays down: needs redis'],
    [{ event: 'port-taken', process, port: 1, instead: 2 }, 'auth: port 1 is taken, so it listens on 2'],
    [{ event: 'database-cloned', from: 'a', to: 'b', ms: 7 }, 'database a copied to b in 7 ms'],
  ];
  for (const [event, line] of cases) {
    test(`${event.event}: ${line}`, () => assert.equal(describe(event), line));
  }
});
