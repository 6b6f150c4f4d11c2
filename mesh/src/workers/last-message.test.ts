import assert from 'node:assert/strict';
import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { whenGone } from './last-message.ts';

function worker() {
  const state = { connected: true };
  const events = new EventEmitter();
  const seen: string[] = [];
  events.on('message', () => seen.push('message'));
  whenGone(Object.assign(events, { isConnected: () => state.connected }) as unknown as Worker, (how) => seen.push(how));
  const disconnect = () => {
    state.connected = false;
    events.emit('disconnect');
  };
  return { events, seen, disconnect };
}

test('a worker whose exit is known before its last message was read is gone after that message', () => {
  const { events, seen, disconnect } = worker();
  events.emit('exit', 0, null);
  events.emit('message');
  disconnect();
  assert.deepEqual(seen, ['message', 'exit code 0']);
});

test('a worker that disconnects first is gone with its exit, once', () => {
  const { events, seen, disconnect } = worker();
  disconnect();
  events.emit('exit', null, 'SIGKILL');
  events.emit('disconnect');
  assert.deepEqual(seen, ['SIGKILL']);
});
