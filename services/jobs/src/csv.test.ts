import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvHead, csvOrder, lineOf } from './csv.ts';
import { orderIn } from './order.ts';
import { orderShown } from './testing-orders.ts';

test('a line is quoted where it must be, and no text is run as a formula', () => {
  assert.equal(lineOf([null, 5, -5, true, 'a,b', 'say "a"', 'a\r\nb']), ',5,-5,true,"a,b","say ""a""","a\r\nb"\r\n');
  for (const text of ['=cmd()', '+1', '-1', '@x', '\tx']) assert.equal(lineOf([text]), `'${text}\r\n`, text);
  assert.equal(lineOf(['\rx']), '"\'\rx"\r\n');
});

test('an order has a line for each of its goods, and none for a discount', () => {
  const lines = csvOrder(orderIn(orderShown())).split('\r\n');
  assert.equal(lines.length, 2);
  assert.equal(lines[0]?.split(',').length, csvHead.split(',').length);
});
