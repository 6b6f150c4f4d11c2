import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterName, nameInUrl, plainName } from './file-name.ts';

test('a name has no folders, no control characters, and a length', () => {
  for (const [given, name] of [
    ['Red Chair.PNG', 'Red Chair.PNG'],
    ['../../../etc/passwd', 'passwd'],
    ['C:\\windows\\system.ini', 'system.ini'],
    ['a\u0000b\u0007c\u007f\r\nd.png', 'abcd.png'],
    ['  ünï cödé 😀.png ', 'ünï cödé 😀.png'],
    ['..', 'file'],
    ['.', 'file'],
    ['', 'file'],
    ['a/', 'file'],
    ['\ud800x', '\ufffdx'],
  ] as const) {
    assert.equal(plainName(given), name, JSON.stringify(given));
  }
  assert.equal([...plainName('😀'.repeat(3_000))].length, 255);
});

test('filters compare names in small letters, with _ for blanks', () => {
  assert.equal(filterName('Red Chair\t2.PNG'), 'red_chair_2.png');
});

test('a link has the last segment of its path as a name', () => {
  for (const [url, name] of [
    ['https://a.b/c/Blue%20Chair.JPEG?x=1', 'Blue Chair.JPEG'],
    ['https://a.b/%2e%2e%2fetc', 'etc'],
    ['https://a.b/%ff', '%ff'],
    ['https://a.b/', 'file'],
  ] as const) {
    assert.equal(nameInUrl(new URL(url)), name, url);
  }
});
