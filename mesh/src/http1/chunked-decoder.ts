import type { FaultOf } from './fault.ts';

const cr = 0x0d;
const lf = 0x0a;
const semicolon = 0x3b;

/** The maximum number of hex digits of a chunk size: a larger number would not be a safe integer. */
const sizeDigitsMax = 12;

/**
 * Any number of `;name`, `;name=value` or `;name="value"` (RFC 9112 section 7.1.1). Whitespace, which senders should
 * not write, is a fault.
 */
const extensions =
  /^(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t !#-[\]-~]|\\[\t -~])*"))?)*$/;

/**
 * Pieces up to this size are joined to the piece before, where both are in the same memory. For larger pieces the move
 * would cost more than it saves.
 */
const gatheredBytesMax = 4096;

/** Takes the pieces of content. `false` stops the decoder permanently. */
type OnData = (bytes: Buffer) => boolean;

/**
 * Decodes the chunked coding (RFC 9112 section 7.1) up to the end of the last chunk's size line. The trailer section
 * follows. Sizes must be hexadecimal digits, lines must end in CRLF, and extensions are dropped.
 */
export class ChunkedDecoder {
  #state: 'size' | 'extension' | 'size LF' | 'data' | 'data CR' | 'data LF' | 'done' = 'size';
  #left = 0;
  #digits = 0;
  #extension = '';
  /** The number of bytes that extensions may still have. They carry nothing, but must end. */
  #extensionBytesLeft: number;
  readonly #fault: FaultOf;

  constructor(extensionBytesMax: number, fault: FaultOf) {
    this.#extensionBytesLeft = extensionBytesMax;
    this.#fault = fault;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /**
   * Passes short chunks on together. To join them, it moves their content within `bytes`, over bytes that it has read.
   *
   * @returns where reading stopped: the end of `bytes`, or behind the last chunk's size line
   * @throws MeshError as `fault` makes it
   */
  read(bytes: Buffer, start: number, onData: OnData): number {
    let at = start;
    /** Start of the content that was read and not passed on yet. */
    let from = start;
    let to = start;
    try {
      while (at < bytes.length && this.#state !== 'done') {
        if (this.#state !== 'data') {
          this.#byte(bytes[at] as number);
          at += 1;
          continue;
        }
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = 'data CR';
        if (to > from && end - at <= gatheredBytesMax) {
          bytes.copyWithin(to, at, end);
          to += end - at;
        } else {
          const gathered = bytes.subarray(from, to);
          from = at;
          to = end;
          if (gathered.byteLength > 0 && !onData(gathered)) {
            // The sink wants no more.
            to = from;
            return end;
          }
        }
        at = end;
      }
    } finally {
      // Also before a fault: passes on the content read so far.
      if (to > from) onData(bytes.subarray(from, to));
    }
    return at;
  }

  #byte(byte: number): void {
    switch (this.#state) {
      case 'size': {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.#digits += 1;
          if (this.#digits > sizeDigitsMax) throw this.#fault('BAD_CHUNK');
          this.#left = this.#left * 16 + digit;
          return;
        }
        if (this.#digits === 0) throw this.#fault('BAD_CHUNK');
        if (byte === cr) this.#state = 'size LF';
        else if (byte === semicolon) {
          this.#extension = ';';
          this.#state = 'extension';
        } else throw this.#fault('BAD_CHUNK');
        return;
      }
      case 'extension':
        if (byte === cr) {
          if (!extensions.test(this.#extension)) throw this.#fault('BAD_CHUNK');
          this.#state = 'size LF';
          return;
        }
        this.#extensionBytesLeft -= 1;
        if (this.#extensionBytesLeft < 0) throw this.#fault('BAD_CHUNK');
        this.#extension += String.fromCharCode(byte);
        return;
      case 'size LF':
        if (byte !== lf) throw this.#fault('BAD_CHUNK');
        this.#digits = 0;
        this.#state = this.#left === 0 ? 'done' : 'data';
        return;
      case 'data CR':
        if (byte !== cr) throw this.#fault('BAD_CHUNK');
        this.#state = 'data LF';
        return;
      default:
        if (byte !== lf) throw this.#fault('BAD_CHUNK');
        this.#state = 'size';
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
