import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type FilesCode = KitCode | 'file_missing' | 'no_file' | 'file_too_large' | 'content_lacking';

export class FilesError extends ServiceError<FilesCode> {}

/** The HTTP status of each code. */
export const filesErrors = {
  file_missing: { status: 404, title: 'File not found' },
  no_file: { status: 422, title: 'Validation Failed' },
  file_too_large: { status: 413, title: 'Payload Too Large' },
  // Only the migration sees it.
  content_lacking: { status: 422, title: 'Failed Validation' },
} as const satisfies CompleteErrorTable<FilesCode>;

export function fileMissing(): FilesError {
  return new FilesError('file_missing', { detail: 'The requested file could not be found' });
}

export function noFile(): FilesError {
  return new FilesError('no_file', { detail: 'You have not supplied a file to store' });
}
