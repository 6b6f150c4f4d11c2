import v8 from 'node:v8';

// Clients choose the paths of requests, so matching must take linear time. With this flag V8 leaves its
// backtracking engine for its linear one as soon as a match backtracks too much. It must be set before the first
// pattern is compiled. The linear engine supports everything that `translate` accepts.
v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

/** Most characters in a pattern. */
export const maxPatternLength = 1024;
/** Most atoms in a pattern once its counted repetitions are written out, as RE2 limits them. */
const maxAtoms = 1000;

/** The mesh refuses the pattern; the message is the rule that the pattern breaks. */
class PatternFault extends Error {}

/**
 * Why the mesh refuses the regular expression `pattern`, or null. The dialect is the part that RE2 (Envoy, Istio) and
 * JavaScript share: no look-around, no back-references, no inline flags.
 */
export function patternFault(pattern: string): string | null {
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    if (error instanceof PatternFault) return error.message;
    throw error;
  }
}

/**
 * Compiles a pattern that must match the whole value, as in Envoy and Istio. Test it against bounded values only
 * (time is linear in length of pattern times length of value).
 *
 * @throws Error whose message says what is wrong with the pattern.
 */
export function compilePattern(pattern: string): RegExp {
  if (pattern.length > maxPatternLength)
    throw new PatternFault(`must not be longer than ${maxPatternLength} characters`);
  const source = new Translation(pattern).translate();
  try {
    return new RegExp(`^(?:${source})$`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /, '') : String(error);
    throw new PatternFault(`must be a regular expression (${reason})`);
  }
}

/** A part of the pattern, rewritten for the linear engine. */
interface Piece {
  source: string;
  atoms: number;
}

/** Writes counted repetitions out (the linear engine refuses large ones) and refuses what is not in the dialect. */
class Translation {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  translate(): string {
    const piece = this.#alternatives();
    if (this.#at < this.#pattern.length) throw new PatternFault('must be a regular expression (Unmatched ")")');
    return piece.source;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #alternatives(): Piece {
    let source = '';
    let atoms = 0;
    for (;;) {
      const char = this.#peek();
      if (char === '' || char === ')') return { source, atoms };
      if (char === '|') {
        source += '|';
        this.#at += 1;
        continue;
      }
      const piece = this.#repeated(this.#atom());
      source += piece.source;
      atoms += piece.atoms;
      if (atoms > maxAtoms) {
        throw new PatternFault(`must not hold more than ${maxAtoms} atoms once its repetitions are written out`);
      }
    }
  }

  #atom(): Piece {
    const start = this.#at;
    const char = this.#peek();
    this.#at += 1;
    if (char === '(') return this.#group();
    if (char === '[') this.#skipClass();
    else if (char === '\\') this.#skipEscape();
    else if ('*+?'.includes(char)) throw new PatternFault('must be a regular expression (Nothing to repeat)');
    else if ('{}]'.includes(char)) throw new PatternFault(`must write a literal "${char}" as "\\${char}"`);
    return { source: this.#pattern.slice(start, this.#at), atoms: 1 };
  }

  #group(): Piece {
    if (this.#peek() === '?') {
      if (!this.#pattern.startsWith('?:', this.#at)) {
        throw new PatternFault('must not use look-around, inline flags or named groups: only "(…)" and "(?:…)"');
      }
      this.#at += 2;
    }
    this.#depth += 1;
    if (this.#depth > 50) throw new PatternFault('must not nest groups deeper than 50');
    const inner = this.#alternatives();
    if (this.#peek() !== ')') throw new PatternFault('must be a regular expression (Unterminated group)');
    this.#at += 1;
    this.#depth -= 1;
    // An empty group counts too: repeated, writing it out would never end.
    return { source: `(?:${inner.source})`, atoms: inner.atoms + 1 };
  }

  #skipClass(): void {
    if (this.#peek() === '^') this.#at += 1;
    if (this.#peek() === ']') throw new PatternFault('must write a literal "]" in a class as "\\]"');
    for (;;) {
      const char = this.#peek();
      if (char === '') throw new PatternFault('must be a regular expression (Unterminated character class)');
      this.#at += 1;
      if (char === ']') return;
      if (char === '[') throw new PatternFault('must write a literal "[" in a class as "\\["');
      if (char === '\\') this.#skipEscape();
    }
  }

  /** Letters and digits after a backslash mean different things in different dialects, except these. */
  #skipEscape(): void {
    const char = this.#peek();
    if (char === '') throw new PatternFault('must not end in a backslash');
    if (/[1-9]/.test(char)) throw new PatternFault('must not use back-references');
    if (/[a-zA-Z0]/.test(char) && !/[dDwWsSbBnrtfvx]/.test(char)) {
      throw new PatternFault(`must not use "\\${char}": regular expression dialects differ about it`);
    }
    this.#at += 1;
    if (char !== 'x') return;
    if (!/^[0-9a-fA-F]{2}/.test(this.#pattern.slice(this.#at)))
      throw new PatternFault('must write "\\x" with two hex digits');
    this.#at += 2;
  }

  #repeated(piece: Piece): Piece {
    const rest = this.#pattern.slice(this.#at);
    const counted = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(rest);
    const found = counted?.[0] ?? /^[*+?]/.exec(rest)?.[0];
    if (found === undefined) {
      if (rest.startsWith('{')) throw new PatternFault('must write a literal "{" as "\\{"');
      return piece;
    }
    this.#at += found.length;
    // Lazy and greedy make no difference in a match of the whole value.
    if (this.#peek() === '?') this.#at += 1;
    if (/^[*+?{]/.test(this.#peek())) throw new PatternFault('must not repeat a repetition without a group around it');
    if (counted === null) return { source: piece.source + found, atoms: piece.atoms };
    return writtenOut(piece, counted);
  }
}

function writtenOut(piece: Piece, counted: RegExpExecArray): Piece {
  const least = Number(counted[1]);
  const unbounded = counted[2] !== undefined && counted[3] === '';
  const most = counted[2] === undefined || unbounded ? least : Number(counted[3]);
  if (most < least) throw new PatternFault('must be a regular expression (numbers out of order in {} quantifier)');
  const copies = Math.max(1, most + (unbounded ? 1 : 0));
  if (copies * piece.atoms > maxAtoms) {
    throw new PatternFault(`must not hold more than ${maxAtoms} atoms once its repetitions are written out`);
  }
  const optional = `(?:${piece.source}`.repeat(most - least) + ')?'.repeat(most - least);
  const source = `(?:${piece.source.repeat(least)}${optional}${unbounded ? `(?:${piece.source})*` : ''})`;
  return { source, atoms: copies * piece.atoms };
}
