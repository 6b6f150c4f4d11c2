import { type Resource, timeText, type WayBack } from './resource.ts';
import { apiMoment } from './shop-events.ts';

/** Each has content, which is read whole to be compared. */
const weight = 100;

/** The lock under which the monolith's sweep deletes content. A transaction that shares it keeps the sweep off. */
const sweepLock = 7_205_759_404;

/** Endings of the URLs of public content. Others have none. */
const endings: Readonly<Record<string, string>> = {
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

interface FileState {
  file_name: string;
  mime_type: string;
  file_size: number;
  public: boolean;
  width: number | null;
  height: number | null;
  location: string | null;
  created_at: string;
}

/** A file as the API shows it. */
function shown(id: string, state: FileState, publicUrl: string) {
  const { file_name, mime_type, file_size, width, height, location } = state;
  const own = state.public ? `/files/${id}${endings[mime_type] ?? ''}` : `/v2/files/${id}/content`;
  return {
    ...{ type: 'file', id, link: { href: location ?? `${publicUrl}${own}` }, file_name, mime_type, file_size },
    public: state.public,
    meta: {
      dimensions: width === null || height === null ? {} : { width, height },
      timestamps: { created_at: apiMoment(state.created_at) },
    },
    links: { self: `${publicUrl}/v2/files/${id}` },
  };
}

/** Files: what is known of each. Its content travels before it. Links of products to files belong to the products. */
export const files: Resource & WayBack = {
  name: 'files',
  group: 'files',
  service: 'files',
  route: 'files',
  summary: 'Files, with their content',
  entities: ['file'],
  weight: () => weight,
  contents: {
    hashOf: ({ content_hash }) => content_hash as string | null,
    keepingLock: `select pg_advisory_xact_lock_shared(${sweepLock})`,
  },
  tables: [
    {
      name: 'files',
      key: 'id',
      columns: [
        ...['id', 'file_name', 'filter_name', 'mime_type', 'file_size', 'public', 'width', 'height', 'content_hash'],
        ...['location', 'created_at'],
      ],
    },
  ],
  states: `
    select id::text as key, jsonb_build_object(
      'file_name', file_name, 'filter_name', filter_name, 'mime_type', mime_type, 'file_size', file_size,
      'public', public, 'width', width, 'height', height, 'content_hash', content_hash, 'location', location,
      'created_at', ${timeText('created_at')}) as state
    from files where id = any($1::text[]::uuid[])`,
  keys: 'select id::text as key from files where ($1::uuid is null or id > $1::uuid) order by id limit $2',
  count: 'select count(*)::int as count from files',
  displaced: 'select 0 as count',
  apply: async (db, changes) => {
    const gone = changes.filter(({ state }) => state === null).map(({ key }) => key);
    await db.query('delete from files where id = any($1::text[]::uuid[])', [gone]);
    const rows = changes.flatMap(({ key, state }) => (state === null ? [] : [{ id: key, ...state }]));
    await db.query(
      `insert into files (id, file_name, filter_name, mime_type, file_size, public, width, height, content_hash, location,
         created_at)
       select * from jsonb_to_recordset($1::jsonb) as row(
         id uuid, file_name text, filter_name text, mime_type text, file_size bigint, public boolean, width integer,
         height integer, content_hash text, location text, created_at timestamptz)
       on conflict (id) do update set file_name = excluded.file_name, filter_name = excluded.filter_name,
         mime_type = excluded.mime_type, file_size = excluded.file_size, public = excluded.public, width = excluded.width,
         height = excluded.height, content_hash = excluded.content_hash, location = excluded.location,
         created_at = excluded.created_at`,
      [JSON.stringify(rows)],
    );
  },
  factsOf: async (_db, changes, publicUrl) =>
    changes.map(({ key: id, version, state }) =>
      state === null
        ? { key: 'file.deleted', entityId: id, version, resources: { type: 'file', id } }
        : {
            ...{ key: 'file.created', entityId: id, version },
            resources: { data: shown(id, state as unknown as FileState, publicUrl) },
          },
    ),
  afterDelete: async (db, keys) => {
    for (const table of ['product_files', 'product_main_images']) {
      await db.query(
        `delete from ${table} where file_id = any($1::text[]::uuid[])
           and not exists (select from files where files.id = file_id)`,
        [keys],
      );
    }
  },
};
