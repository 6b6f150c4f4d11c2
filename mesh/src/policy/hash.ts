/**
 * FNV-1a of the text's UTF-16 units with a final mixing step (MurmurHash3's), as an unsigned 32-bit number. Spreads
 * well and is the same on every machine and in every version, so sessions stay.
 */
export function hash32(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The hash as a point of [0, 1). */
export function hashPoint(text: string, seed = 0): number {
  return hash32(text, seed) / 4_294_967_296;
}

/** One hash of two. The order matters. */
export function hashPair(a: number, b: number): number {
  let hash = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
  hash = (hash ^ (hash >>> 13)) + Math.imul(b, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
