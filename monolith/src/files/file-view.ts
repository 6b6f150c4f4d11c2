import { extensionOf } from './content-type.ts';
import type { FileRow } from './file-rows.ts';

/** A file in the form of the API. */
export function fileView(row: FileRow, publicUrl: string) {
  const { width, height } = row;
  return {
    type: 'file',
    id: row.id,
    link: { href: hrefOf(row, publicUrl) },
    file_name: row.file_name,
    mime_type: row.mime_type,
    file_size: row.file_size,
    public: row.public,
    meta: {
      dimensions: width === null || height === null ? {} : { width, height },
      timestamps: { created_at: row.created_at.toISOString() },
    },
    links: { self: `${publicUrl}/v2/files/${row.id}` },
  };
}

/** Where the content is. That of a file that is not public needs a token. */
export function hrefOf(row: Pick<FileRow, 'id' | 'mime_type' | 'public' | 'location'>, publicUrl: string): string {
  if (row.location !== null) return row.location;
  return row.public
    ? `${publicUrl}/files/${row.id}${extensionOf(row.mime_type)}`
    : `${publicUrl}/v2/files/${row.id}/content`;
}
