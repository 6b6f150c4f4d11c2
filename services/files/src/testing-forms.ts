/** A part of a form; with `fileName`, a file. */
export interface Part {
  name: string;
  value: Buffer | string;
  fileName?: string;
}

export const testBoundary = '----a-boundary-of-tests';
export const formType = `multipart/form-data; boundary=${testBoundary}`;

/** A multipart body (RFC 7578), whole or without its end. */
export function formBody(parts: readonly Part[], { end = true } = {}): Buffer<ArrayBuffer> {
  const pieces = parts.flatMap(({ name, value, fileName }) => [
    `--${testBoundary}\r\nContent-Disposition: form-data; name="${name}"`,
    fileName === undefined ? '' : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`,
    '\r\n\r\n',
    value,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, end ? `--${testBoundary}--\r\n` : ''].map((piece) => Buffer.from(piece as string)));
}

/** The part with the file. */
export const filePart = (value: Buffer | string, fileName = 'a.bin'): Part => ({ name: 'file', value, fileName });
