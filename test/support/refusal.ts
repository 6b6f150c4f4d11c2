import assert from 'node:assert/strict';

/** Every version of the client must be able to read an error, and an error shows no internals. */
export function assertRefusal(status: number, text: string): void {
  const body = JSON.parse(text) as { errors: { status: number; title: string; detail?: string }[] };
  assert.equal(body.errors[0]?.status, status, text);
  assert.ok(body.errors[0]?.title, text);
  assert.doesNotMatch(text, /node_modules|\.ts:\d+|at \w+ \(|SELECT |postgres:\/\//i, 'no internals in a reply');
}
