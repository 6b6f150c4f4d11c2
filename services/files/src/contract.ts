import Type from '@banyan/kit/typebox';

/** What other services may import from this one: paths, bodies, and the facts that it publishes. */
export const paths = {
  files: '/v2/files',
  attributes: '/v2/files/attributes',
  file: '/v2/files/:id',
  /** The content of a file that is not public. */
  content: '/v2/files/:id/content',
  /** The content of a public file, without a token. Its id, with any ending. */
  publicContent: '/files/:name',
} as const;

/** The largest file, in bytes. */
export const maxFileBytes = 10 * 1024 * 1024;

/** The parts of a form that makes a file, as GET /v2/files/attributes describes them. */
export const NewFile = Type.Object({
  file: Type.Optional(Type.String()),
  file_location: Type.Optional(Type.String()),
  file_name: Type.Optional(Type.String()),
  public: Type.Optional(Type.Boolean()),
});

/** A file in replies. */
export interface FileView {
  type: 'file';
  id: string;
  /** Where the content is. That of a file that is not public needs a token. */
  link: { href: string };
  file_name: string;
  mime_type: string;
  /** Bytes; 0 for a link to a file elsewhere. */
  file_size: number;
  public: boolean;
  /** Pixels. Empty dimensions: the file is not an image, or its size cannot be read. */
  meta: { dimensions: { width: number; height: number } | object; timestamps: { created_at: string } };
  links: { self: string };
}

/** The facts about files, each with the version of its schema, which only ever grows. Files never change. */
export const events = {
  created: { type: 'file.created', version: 1 },
  deleted: { type: 'file.deleted', version: 1 },
} as const;

/** The state that `file.created` carries. That of `file.deleted` is null. */
export interface FileFact {
  data: FileView;
}
