import type { ContentFolder } from '@banyan/kit/content';
import { Moment, type MovedResource, microsIn, momentOf } from '@banyan/kit/import';
import { type Queryable, statement } from '@banyan/kit/sqlite';
import Type, { type Static } from '@banyan/kit/typebox';
import type { File } from './domain.ts';
import { FilesError } from './errors.ts';
import { columns, fileOf, type Row, valuesOf, writtenColumns } from './rows.ts';

const Name = Type.String({ minLength: 1, maxLength: 1_020 });
const Pixels = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);

/** A file as it travels. Its content travels before it, by its hash. */
const FileState = Type.Object({
  file_name: Name,
  filter_name: Name,
  mime_type: Type.String({ minLength: 1, maxLength: 255 }),
  file_size: Type.Integer({ minimum: 0 }),
  public: Type.Boolean(),
  width: Pixels,
  height: Pixels,
  content_hash: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()]),
  location: Type.Union([Type.String({ minLength: 1, maxLength: 8_192 }), Type.Null()]),
  created_at: Moment,
  /** True: what the disk has is not the content. Then both sides are not equal. Never written. */
  content_lost: Type.Optional(Type.Literal(true)),
});
type FileState = Static<typeof FileState>;

/** Each is read whole to be compared. So a transaction that compares reads ten of the largest at most. */
const weight = 100;

const some = 'id in (select value from json_each(?))';
const remove = statement<object, [string]>('files_import_remove', `delete from files where ${some}`);
const put = statement<object, (string | number | Buffer | null)[]>(
  'files_import_put',
  `insert or replace into files (${writtenColumns}) values (${writtenColumns.replaceAll(/\w+/g, '?')})`,
);
const read = statement<Row, [string]>('files_import_read', `select ${columns} from files where ${some}`);
const keys = statement<{ id: string }, [string, string | null, string | null, number]>(
  'files_import_keys',
  'select id from files where id > ? and (? is null or id <= ?) order by id limit ?',
);

/**
 * How files move between the monolith and this service. Transitional. Nothing is unique besides keys, so nothing is ever set
 * aside.
 *
 * @param folder where the content is
 */
export const filesImport = (folder: ContentFolder): MovedResource<Queryable, FileState> => ({
  name: 'files',
  group: 'files',
  schema: FileState,
  weight: () => weight,
  apply: async (tx, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    if (gone.length > 0) await tx.run(remove, [JSON.stringify(gone)]);
    for (const { key, state } of changes) {
      if (state === null) continue;
      // It was here a moment ago, and stays for an hour. Without it there must be no row.
      if (state.content_hash !== null && !(await folder.has(state.content_hash))) {
        throw new FilesError('content_lacking', { detail: 'The content of a file has to come before the file' });
      }
      await tx.run(put, valuesOf(fileIn(key, state)));
    }
  },
  read: async (tx, ids) => {
    const rows = await tx.query(read, [JSON.stringify(ids)]);
    const states = new Map<string, FileState>();
    for (const row of rows) {
      const isLost = row.content_hash !== null && !(await folder.isIntact(row.content_hash));
      states.set(row.id, { ...stateOf(fileOf(row)), ...(isLost && { content_lost: true }) });
    }
    return states;
  },
  keys: async (tx, { after, to, limit }) => (await tx.query(keys, [after ?? '', to, to, limit])).map(({ id }) => id),
  displaced: async () => 0,
});

const fileIn = (id: string, state: FileState): File => ({
  ...{ id, name: state.file_name, filterName: state.filter_name, mimeType: state.mime_type, size: state.file_size },
  ...{ public: state.public, width: state.width, height: state.height, contentHash: state.content_hash },
  ...{ location: state.location, createdAt: microsIn(state.created_at) },
});

const stateOf = (file: File): FileState => ({
  ...{ file_name: file.name, filter_name: file.filterName, mime_type: file.mimeType, file_size: file.size },
  ...{ public: file.public, width: file.width, height: file.height, content_hash: file.contentHash },
  ...{ location: file.location, created_at: momentOf(file.createdAt) },
});
