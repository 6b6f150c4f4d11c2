import { isUuid, type Micros, shownMoment } from '@banyan/kit/api';
import { type ContentType, extensionOf, typeByName } from './content-type.ts';
import type { FileView } from './contract.ts';
import { fileMissing } from './errors.ts';
import { filterName, nameInUrl, plainName } from './file-name.ts';

/** A file, which never changes: the content of an upload, or a link to a file elsewhere. */
export interface File {
  id: string;
  name: string;
  /** What filters compare. */
  filterName: string;
  mimeType: string;
  /** Bytes; 0 for a link. */
  size: number;
  public: boolean;
  /** Pixels; null if unknown. */
  width: number | null;
  height: number | null;
  /** SHA-256 in hex; null for a link. */
  contentHash: string | null;
  /** The URL of a link; null for an upload. */
  location: string | null;
  createdAt: Micros;
}

/** What the fields of a form say of a file. */
export interface Described {
  id: string;
  /** The field `file_name`; empty without one. */
  name: string;
  isPublic: boolean;
  now: Micros;
}

/** The id in a path. @throws FilesError `file_missing`: the text is no id */
export function fileIdOf(text: string): string {
  if (!isUuid(text)) throw fileMissing();
  return text.toLowerCase();
}

/** @param clientName the name that the client gave its file; empty without one */
export function uploadOf(
  { id, name, isPublic, now }: Described,
  clientName: string,
  content: { hash: string; size: number },
  { mimeType, dimensions }: ContentType,
): File {
  const shown = plainName(name || clientName);
  return {
    ...{ id, name: shown, filterName: filterName(shown), mimeType, size: content.size, public: isPublic },
    ...{ width: dimensions?.width ?? null, height: dimensions?.height ?? null },
    ...{ contentHash: content.hash, location: null, createdAt: now },
  };
}

/** A link is stored as it is: nothing fetches the file that it names. */
export function linkOf({ id, name, isPublic, now }: Described, url: URL): File {
  const shown = name ? plainName(name) : nameInUrl(url);
  return {
    ...{ id, name: shown, filterName: filterName(shown), mimeType: typeByName(nameInUrl(url)), size: 0 },
    ...{ public: isPublic, width: null, height: null, contentHash: null, location: url.href, createdAt: now },
  };
}

/**
 * A file in the form of the API.
 *
 * @param publicUrl the platform's address as clients see it
 */
export function fileView(file: File, publicUrl: string): FileView {
  const { id, width, height } = file;
  return {
    type: 'file',
    id,
    link: { href: hrefOf(file, publicUrl) },
    file_name: file.name,
    mime_type: file.mimeType,
    file_size: file.size,
    public: file.public,
    meta: {
      dimensions: width === null || height === null ? {} : { width, height },
      timestamps: { created_at: shownMoment(file.createdAt) },
    },
    links: { self: `${publicUrl}/v2/files/${id}` },
  };
}

function hrefOf({ id, mimeType, location, public: isPublic }: File, publicUrl: string): string {
  if (location !== null) return location;
  return isPublic ? `${publicUrl}/files/${id}${extensionOf(mimeType)}` : `${publicUrl}/v2/files/${id}/content`;
}
