import '@fastify/multipart';
import { badRequest, failedValidation } from '@banyan/kit/api';
import type { ContentFolder, Received } from '@banyan/kit/content';
import { ServiceError } from '@banyan/kit/errors';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ensureBoundary } from './boundary.ts';
import { maxFileBytes } from './contract.ts';
import { FilesError, noFile } from './errors.ts';

/** The first bytes of content that are kept in memory, to tell its type and the size of an image. */
const headBytes = 256 * 1024;
/** The largest text of a field, in bytes. */
const maxFieldBytes = 8 * 1024;
/** What a form may add to its file: the other fields and the lines between the parts. */
const maxExtraBytes = 256 * 1024;

/** A form as it arrived. The caller keeps or discards `content`. */
export interface Form {
  content: Received | undefined;
  /** The name that the client gave its file; empty without one. */
  clientName: string;
  /** The other fields; of a repeated field, the last value. */
  fields: ReadonlyMap<string, string>;
}

/**
 * Reads a multipart form and writes its part `file` to the disk. After a failure nothing is left on the disk.
 *
 * @throws ServiceError `no_file` when the body is not a form, `validation_failed` when a field is too long, `bad_request` when
 *   the form is cut off or cannot be parsed, `file_too_large`, `store_unavailable` when the disk is full
 */
export async function readForm(request: FastifyRequest, reply: FastifyReply, folder: ContentFolder): Promise<Form> {
  if (!request.isMultipart()) throw noFile();
  if (Number(request.headers['content-length'] ?? 0) > maxFileBytes + maxExtraBytes) throw tooLarge(reply);
  if (!(await ensureBoundary(request.raw))) throw badRequest('The form has no boundary');
  let content: Received | undefined;
  let clientName = '';
  const fields = new Map<string, string>();
  try {
    for await (const part of request.parts(formLimits)) {
      if (part.type === 'field') {
        const isText = typeof part.value === 'string' && !part.valueTruncated && !part.fieldnameTruncated;
        if (!isText) throw wrongField(part.fieldname.slice(0, 100), 'is not a short text');
        fields.set(part.fieldname, part.value as string);
      } else {
        const received = await receive(part, reply, folder);
        if (part.fieldname === 'file' && content === undefined) {
          content = received;
          clientName = part.filename ?? '';
        } else {
          await folder.discard(received);
        }
      }
    }
  } catch (error) {
    if (content !== undefined) await folder.discard(content);
    throw formFault(error);
  }
  return { content, clientName, fields };
}

const formLimits = {
  limits: {
    fileSize: maxFileBytes,
    files: 1,
    fields: 20,
    parts: 21,
    fieldSize: maxFieldBytes,
    fieldNameSize: 100,
    headerPairs: 50,
  },
  throwFileSizeLimit: false,
};

async function receive(part: MultipartFile, reply: FastifyReply, folder: ContentFolder): Promise<Received> {
  const received = await folder.receive(part.file, { headBytes });
  // A stream that reaches its limit just ends.
  if (!part.file.truncated) return received;
  await folder.discard(received);
  throw tooLarge(reply);
}

/** The rest of the body is not read, so the connection cannot be used again. */
function tooLarge(reply: FastifyReply): FilesError {
  reply.header('connection', 'close');
  return new FilesError('file_too_large', { detail: `A file has at most ${maxFileBytes} bytes`, source: 'file' });
}

export function wrongField(name: string, complaint: string): ServiceError {
  return failedValidation([{ detail: `The ${name} field ${complaint}.`, source: name }]);
}

/** Errors of the parser are the client's. Errors of the disk are ours; a full disk may have room again. */
function formFault(error: unknown): unknown {
  if (error instanceof ServiceError || !(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const detail = 'There is no room for the file; try again';
    return new ServiceError('store_unavailable', { detail, cause: error, retryAfterS: 1 });
  }
  if ('syscall' in error) return error;
  return new ServiceError('bad_request', { detail: 'The form is cut off, or cannot be parsed', cause: error });
}
