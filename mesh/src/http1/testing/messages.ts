import type { Random } from '../../clock.ts';

/** Random parts of HTTP/1 messages, and random damage to them. The same `random` gives the same results. */
export function messages(random: Random) {
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;

  function text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[below(alphabet.length)]).join('');
  }

  function fields(): string {
    const count = below(8);
    return Array.from({ length: count }, () => {
      const name = one(['X-A', 'set-cookie', 'Vary', 'x_b', text(1 + below(12), 'abcXYZ-09')]);
      const value = text(below(40), 'abc XYZ,;="\t\xe4\xff/');
      return `${name}:${one(['', ' ', '\t', '  '])}${value}\r\n`;
    }).join('');
  }

  function chunked(body: string): string {
    let coded = '';
    for (let at = 0; at < body.length; ) {
      const size = Math.min(body.length - at, 1 + below(400));
      const digits = one([size.toString(16), size.toString(16).toUpperCase(), `00${size.toString(16)}`]);
      coded += `${digits}${one(['', '', ';a', ';a=b', ';a="b"'])}\r\n${body.slice(at, at + size)}\r\n`;
      at += size;
    }
    return `${coded}0\r\n${one(['', '', 'X-Sum: 1\r\n', `X-T: ${text(9, 'abc')}\r\nX-U:\r\n`])}\r\n`;
  }

  /** `raw` with one to three small changes. Most make it invalid, some leave it valid. */
  function injured(raw: string): string {
    let now = raw;
    for (let count = 1 + below(3); count > 0; count -= 1) {
      // The beginning of a message matters most.
      const at = one([below(now.length + 1), below(Math.min(now.length, 200) + 1)]);
      const insert = one([
        '\r',
        '\n',
        '\0',
        ' ',
        ':',
        '\t',
        ';',
        '0',
        'f',
        ',',
        '\r\n',
        '\x0b',
        '\x7f',
        'Content-Length: 3\r\n',
        '-',
      ]);
      now = one([
        () => now.slice(0, at) + insert + now.slice(at),
        () => now.slice(0, at) + now.slice(at + 1),
        () => now.slice(0, at) + insert + now.slice(at + 1),
        () => now.slice(0, at),
      ])();
    }
    return now;
  }

  function cut(raw: string): string[] {
    const places = Array.from({ length: below(6) }, () => below(raw.length + 1)).sort((a, b) => a - b);
    const pieces: string[] = [];
    let from = 0;
    for (const place of [...places, raw.length]) {
      if (place > from) pieces.push(raw.slice(from, place));
      from = place;
    }
    return pieces;
  }

  return { below, one, text, fields, chunked, injured, cut };
}
