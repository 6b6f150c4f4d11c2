/** What one side replied in one run of a case, without what differs between two runs. */
export interface Transcript {
  note(request: { method: string; path: string }, status: number, headers: Headers, text: string): void;
  readonly lines: readonly string[];
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
// Also within a link.
const moment = /\d{4}-\d{2}-\d{2}T\d{2}(?::|%3A)\d{2}(?::|%3A)\d{2}\.\d{3}Z/g;
// In a filter.
const epoch = /(?<=_at(?:,|%2C))\d{13}(?=\))/g;
const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const expiry = /"expires":\d+/g;
const requestId = /"request_id":"[^"]*"/g;

/** Headers that belong to a moment or to a connection. All others belong to the contract. */
const passing = new Set(['date', 'connection', 'keep-alive']);

/**
 * Records replies byte by byte. Ids and moments become their number of first appearance, so two runs are the same if
 * the same id stands in the same places.
 */
export function transcript(): Transcript {
  const seen = new Map<string, string>();
  const lines: string[] = [];
  const numbered = (kind: string) => (found: string) => {
    const key = found.toLowerCase();
    const name = seen.get(key) ?? `<${kind} ${seen.size}>`;
    seen.set(key, name);
    // An id keeps its case.
    return found === key ? name : `${name} in capitals`;
  };
  return {
    lines,
    note: ({ method, path }, status, headers, text) => {
      const shown = [...headers]
        .filter(([name]) => !passing.has(name))
        .map(([name, value]) => `${name}: ${value}`)
        .join('; ');
      const plain = (part: string) =>
        part
          .replace(jwt, '<token>')
          .replace(uuid, numbered('id'))
          .replace(moment, '<moment>')
          .replace(epoch, '<moment>')
          .replace(expiry, '"expires":<seconds>')
          .replace(requestId, '"request_id":"<id>"');
      lines.push(`${method} ${plain(path)} -> ${status} ${plain(shown)} ${plain(text)}`);
    },
  };
}
