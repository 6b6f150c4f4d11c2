/** A reply as a strict client reads it. */
export interface ClientReply {
  status: number;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: string;
  /** The end has arrived. */
  whole: boolean;
}

/** The replies that a client read on one connection. */
export interface ClientReading {
  replies: ClientReply[];
  /** The first part that a client cannot parse; null if there is none. */
  fault: string | null;
}

/**
 * Reads the replies to requests with `methods`, in order. The method of a reply beyond the last request is unknown: it
 * is assumed to have the content that it announces.
 */
export function readReplies(bytes: Buffer, methods: readonly string[]): ClientReading {
  const text = bytes.toString('latin1');
  const replies: ClientReply[] = [];
  let at = 0;
  while (at < text.length) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) {
      const fault = /^(HTTP\/1\.1 \d{3} |$)/.test(text.slice(at, at + 13).padEnd(13)) ? null : 'no status line';
      return { replies, fault };
    }
    const lines = text.slice(at, headEnd).split('\r\n');
    const status = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(lines[0] ?? '')?.[1];
    if (status === undefined) return { replies, fault: `no status line: ${JSON.stringify(text.slice(at, at + 80))}` };
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
      if (field === null) return { replies, fault: `not a field: ${JSON.stringify(line)}` };
      headers.set((field[1] as string).toLowerCase(), field[2] as string);
    }
    at = headEnd + 4;
    if (Number(status) < 200) continue;
    const reply: ClientReply = { status: Number(status), headers, body: '', whole: true };
    const method = methods[replies.length];
    replies.push(reply);
    if (method === 'HEAD' || reply.status === 204 || reply.status === 304) continue;
    const read = readContent(text, at, headers);
    if (typeof read === 'string') return { replies, fault: read };
    reply.body = read.body;
    reply.whole = read.whole;
    at = read.end;
  }
  return { replies, fault: null };
}

type Content = { body: string; end: number; whole: boolean };

function readContent(text: string, start: number, headers: ReadonlyMap<string, string>): Content | string {
  const length = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  if (length !== undefined && coding !== undefined) return 'a reply with a length and a transfer coding';
  if (coding === undefined) {
    if (length === undefined) return { body: text.slice(start), end: text.length, whole: true };
    if (!/^\d+$/.test(length)) return `an invalid length: ${length}`;
    const end = start + Number(length);
    return { body: text.slice(start, end), end, whole: end <= text.length };
  }
  if (coding !== 'chunked') return `an unknown transfer coding: ${coding}`;
  let body = '';
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return { body, end: text.length, whole: false };
    const size = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(size)) return `an invalid chunk size: ${JSON.stringify(size)}`;
    const bytes = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (bytes === 0) {
      // Trailers, then an empty line.
      while (!text.startsWith('\r\n', at)) {
        const end = text.indexOf('\r\n', at);
        if (end < 0) return { body, end: text.length, whole: false };
        at = end + 2;
      }
      return { body, end: at + 2, whole: true };
    }
    body += text.slice(at, at + bytes);
    if (at + bytes + 2 > text.length) return { body, end: text.length, whole: false };
    if (!text.startsWith('\r\n', at + bytes)) return 'a chunk that does not end where it says';
    at += bytes + 2;
  }
}
