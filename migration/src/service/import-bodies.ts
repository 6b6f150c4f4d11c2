import { type Change, maxChanges } from '@banyan/kit/import';

/** Half of what a service takes, because a single change may be long too. In bytes. */
const longest = 16 * 1_048_576;

/**
 * The bodies of the requests that hand changes of one epoch over: one, unless it were too long. A change that is longer by
 * itself has a body of its own. Without changes there is one body: a heartbeat.
 */
export function* importBodies(epoch: number, changes: readonly Change[], most = longest): Generator<string> {
  let texts: string[] = [];
  let length = 0;
  const body = () => `{"epoch":${epoch},"changes":[${texts.join(',')}]}`;
  for (const change of changes) {
    const text = JSON.stringify(change);
    const more = Buffer.byteLength(text) + 1;
    if (texts.length > 0 && (length + more > most || texts.length === maxChanges)) {
      yield body();
      texts = [];
      length = 0;
    }
    texts.push(text);
    length += more;
  }
  if (texts.length > 0 || changes.length === 0) yield body();
}
