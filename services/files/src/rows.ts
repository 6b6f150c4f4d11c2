import { textKey } from '@banyan/kit/api';
import type { File } from './domain.ts';

/** A file as the table holds it. */
export interface Row {
  id: string;
  file_name: string;
  filter_name: string;
  mime_type: string;
  file_size: number;
  public: number;
  width: number | null;
  height: number | null;
  content_hash: string | null;
  location: string | null;
  created_at_us: number;
}

export const columns =
  'id, file_name, filter_name, mime_type, file_size, public, width, height, content_hash, location, created_at_us';

export const fileOf = (row: Row): File => ({
  ...{ id: row.id, name: row.file_name, filterName: row.filter_name, mimeType: row.mime_type, size: row.file_size },
  ...{ public: row.public === 1, width: row.width, height: row.height, contentHash: row.content_hash },
  ...{ location: row.location, createdAt: row.created_at_us },
});

/** All columns of a row, those first that `columns` names. */
export const writtenColumns = `${columns}, filter_name_key`;

export const valuesOf = (file: File): (string | number | Buffer | null)[] => [
  ...[file.id, file.name, file.filterName, file.mimeType, file.size, Number(file.public), file.width, file.height],
  ...[file.contentHash, file.location, file.createdAt, textKey(file.filterName)],
];
