import { createInterface } from 'node:readline';
import { carryOut } from '../stack/commands.ts';
import type { Stack } from '../stack/stack.ts';
import { failure } from './failure.ts';
import type { View } from './view.ts';

/** For programs: events as JSON lines on stdout, commands as JSON lines on stdin, whose end stops the stack. */
export function jsonView(stack: Stack): View {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void carryOut(stack, line).then(write));
  lines.on('close', () => void stack.stop());
  return {
    on: write,
    async up(ms) {
      write({ event: 'up', ms, ...(await stack.statusWithPlaces()) });
    },
    async failed(causes) {
      write({ event: 'failed', causes, ...stack.status() });
      // For a program that shows stderr and does not read events.
      console.error(failure(causes, stack.status()));
    },
    async brokenOff() {},
    end() {
      process.stdin.destroy();
      write({ event: 'end' });
    },
  };
}

const write = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`);
