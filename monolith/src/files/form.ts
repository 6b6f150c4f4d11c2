import '@fastify/multipart';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, failedValidation } from '../api/faults.ts';
import { ShopError } from '../errors.ts';
import { ensureBoundary } from './boundary.ts';
import type { ContentStore, Received } from './content-store.ts';

/** The largest file, in bytes. */
export const maxFileBytes = 10 * 1024 * 1024;
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

export function noFile(): ShopError {
  return new ShopError('validation_failed', {
    title: 'Validation Failed',
    detail: 'You have not supplied a file to store',
  });
}

/**
 * Reads a multipart form and writes its part `file` to the disk. After a failure nothing is left on the disk.
 * @throws ShopError `validation_failed` when the body is not a form, or a field is too long
 * @throws ShopError `bad_request` when the form is cut off, or cannot be parsed
 * @throws ShopError `body_too_large` when the file is larger than `maxFileBytes`
 */
export async function readForm(request: FastifyRequest, reply: FastifyReply, store: ContentStore): Promise<Form> {
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
        const received = await receive(part, reply, store);
        if (part.fieldname === 'file' && content === undefined) {
          content = received;
          clientName = part.filename ?? '';
        } else {
          await store.discard(received);
        }
      }
    }
  } catch (error) {
    if (content !== undefined) await store.discard(content);
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

async function receive(part: MultipartFile, reply: FastifyReply, store: ContentStore): Promise<Received> {
  const received = await store.receive(part.file);
  // A stream that reaches its limit just ends.
  if (!part.file.truncated) return received;
  await store.discard(received);
  throw tooLarge(reply);
}

/** The rest of the body is not read, so the connection cannot be used again. */
function tooLarge(reply: FastifyReply): ShopError {
  reply.header('connection', 'close');
  return new ShopError('body_too_large', { detail: `A file has at most ${maxFileBytes} bytes`, source: 'file' });
}

export function wrongField(name: string, complaint: string): ShopError {
  return failedValidation([{ detail: `The ${name} field ${complaint}.`, source: name }]);
}

/** Errors of the parser are the client's. Errors of the disk are ours; a full disk may have room again. */
function formFault(error: unknown): unknown {
  if (error instanceof ShopError || !(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ShopError('store_unavailable', { detail: 'There is no room for the file; try again' }, { cause: error });
  }
  if ('syscall' in error) return error;
  return new ShopError('bad_request', { detail: 'The form is cut off, or cannot be parsed' }, { cause: error });
}
