/** What content is, by its bytes: the client's word for it is not trusted. */
export interface ContentType {
  mimeType: string;
  /** Pixels; absent if the content is not an image, or its size cannot be read. */
  dimensions: { width: number; height: number } | undefined;
}

/** The signatures of all types lie in these first bytes. */
const signatureBytes = 4_100;
const maxPixels = 1_000_000;

/** Images that browsers show without running anything in them. All other content is a download. */
export const shownImages: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
]);

const extensions: Readonly<Record<string, string>> = {
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'image/avif': '.avif',
  'image/bmp': '.bmp',
  'image/svg+xml': '.svg',
  'application/pdf': '.pdf',
  'text/plain': '.txt',
};

/** The usual extension of a type, with its dot; empty for a type without one. */
export function extensionOf(mimeType: string): string {
  return extensions[mimeType] ?? '';
}

/** The type that the extension of a name stands for. Only for links, whose content is not read. */
export function typeByName(name: string): string {
  const extension = /\.[a-z0-9]+$/.exec(name.toLowerCase())?.[0].replace('.jpeg', '.jpg');
  return Object.entries(extensions).find(([, each]) => each === extension)?.[0] ?? 'application/octet-stream';
}

/** Tells the type of content from its first bytes. */
export async function contentType(head: Buffer): Promise<ContentType> {
  const mimeType = await mimeTypeOf(head.subarray(0, signatureBytes));
  const measurable = shownImages.has(mimeType) || mimeType === 'image/svg+xml';
  // An drawing is text, and looking for its size is slow in long text.
  const dimensions = measurable
    ? await sizeOf(mimeType === 'image/svg+xml' ? head.subarray(0, signatureBytes) : head)
    : undefined;
  return { mimeType, dimensions };
}

async function mimeTypeOf(start: Buffer): Promise<string> {
  // Loaded with the first upload: this and `image-size` take a tenth of a second and 17 MB.
  const { fileTypeFromBuffer } = await import('file-type');
  const known = await fileTypeFromBuffer(start).catch(() => undefined);
  const text = start.toString('utf8');
  const isXml = known === undefined || known.mime === 'application/xml';
  if (isXml && /^\ufeff?\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i.test(text)) {
    return 'image/svg+xml';
  }
  if (known !== undefined) return known.mime;
  // A character at the end may be cut in two.
  const isText = start.length > 0 && !text.includes('\0') && !text.slice(0, -1).includes('\ufffd');
  return isText ? 'text/plain' : 'application/octet-stream';
}

async function sizeOf(head: Buffer): Promise<ContentType['dimensions']> {
  const { imageSize } = await import('image-size');
  try {
    // A copy: it reads on behind the end of a part of a larger buffer.
    const { width, height } = imageSize(new Uint8Array(head));
    const fits = (pixels: number) => pixels >= 0 && pixels <= maxPixels;
    return fits(width) && fits(height) ? { width: Math.round(width), height: Math.round(height) } : undefined;
  } catch {
    // The image is broken, or its size comes later than the head.
    return undefined;
  }
}
