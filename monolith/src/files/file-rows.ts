import type { Bindings } from '../api/sql.ts';
import type { Queryable } from '../db.ts';

export interface FileRow {
  id: string;
  file_name: string;
  mime_type: string;
  /** Bytes; 0 for a link. */
  file_size: number;
  public: boolean;
  /** Pixels; null if unknown. */
  width: number | null;
  height: number | null;
  /** SHA-256 in hex; null for a link. */
  content_hash: string | null;
  /** The URL of a link; null for an upload. */
  location: string | null;
  created_at: Date;
}

export type NewFile = Omit<FileRow, 'id'> & { filter_name: string };

/** Lists are in this order, which is the same in every copy of the data. */
export const fileOrder = 'f.created_at, f.id';

/** Reads files. `where` is a condition over `f`; `tail` holds order and limit. */
export async function selectFiles(
  db: Queryable,
  { where, tail, bindings }: { where: string; tail: string; bindings: Bindings },
): Promise<FileRow[]> {
  const { rows } = await db.query<FileRow>(
    `select f.id, f.file_name, f.mime_type, f.file_size::float8 as file_size, f.public, f.width, f.height,
       f.content_hash, f.location, f.created_at
     from files f where ${where} ${tail}`,
    bindings.values,
  );
  return rows;
}

export async function countFiles(db: Queryable, where: string, bindings: Bindings): Promise<number> {
  const { rows } = await db.query<{ total: string }>(
    `select count(*) as total from files f where ${where}`,
    bindings.values,
  );
  return Number(rows[0]?.total ?? 0);
}

/** Inserts a file and returns its id. */
export async function insertFile(db: Queryable, file: NewFile): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into files (file_name, filter_name, mime_type, file_size, public, width, height, content_hash, location, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id`,
    [
      file.file_name,
      file.filter_name,
      file.mime_type,
      file.file_size,
      file.public,
      file.width,
      file.height,
      file.content_hash,
      file.location,
      file.created_at,
    ],
  );
  return rows[0]?.id ?? '';
}
