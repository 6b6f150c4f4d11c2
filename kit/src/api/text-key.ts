/** Keys are compared up to this length: as many bytes as the longest name can have (255 characters of 4 bytes). */
export const keyBytes = 1_020;

/**
 * The bytes by which text is sorted and matched, on every side and in every store: its UTF-8 with A to Z lowered, cut
 * after {@link keyBytes}. Keys are compared bytewise, so no locale and no collation of a store has a say. Store it
 * beside the text, in a column of bytes (VARBINARY, BLOB, bytea).
 */
export function textKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8').subarray(0, keyBytes);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte >= 0x41 && byte <= 0x5a) bytes[at] = byte + 0x20;
  }
  return bytes;
}

/** Escapes the next byte of a {@link likeKey}. Said in the statement (`ESCAPE '!'`), because stores differ. */
export const likeEscape = '!';

/** The pattern of `like` for a store's LIKE on a key: `*` of the API is its `%`; the special characters are escaped. */
export function likeKey(value: string): Buffer {
  return textKey(value.replaceAll(/[!%_]/g, (special) => `${likeEscape}${special}`).replaceAll('*', '%'));
}
