import { MeshCliError } from './error.ts';

/** A client of the admin port of a running mesh. */
export interface AdminClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown, headers?: Record<string, string>): Promise<T>;
  delete<T>(path: string, body: unknown): Promise<T>;
  /** Calls `onLine` with each line of a stream until the stream ends or `signal` is aborted. */
  lines(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
}

export const defaultAdminUrl = 'http://127.0.0.1:9990';

/** Every failure is a MeshCliError that says what to do next. @param token sent as a bearer token */
export function adminClient(url: string, token: string | undefined): AdminClient {
  const asked = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Response> => {
    try {
      return await fetch(new URL(path, url), {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
    } catch (thrown) {
      const cause = (thrown as { cause?: { code?: string } }).cause?.code ?? (thrown as Error).name;
      throw new MeshCliError(
        `No mesh replies at ${url} (${cause}).`,
        'Start one (`mesh run`), or say where it is: MESH_ADMIN_URL=http://host:port',
      );
    }
  };
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> => {
    const response = await asked(method, path, headers, body, AbortSignal.timeout(10_000));
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    throw refusal(response.status, text, url);
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body, headers) => call('POST', path, body, headers),
    delete: (path, body) => call('DELETE', path, body),
    async lines(path, onLine, signal) {
      const response = await asked('GET', path, {}, undefined, signal).catch((thrown) => {
        if (signal.aborted) return null;
        throw thrown;
      });
      if (response === null) return;
      if (!response.ok) throw refusal(response.status, await response.text(), url);
      let rest = '';
      const decoder = new TextDecoder();
      try {
        for await (const chunk of response.body ?? []) {
          const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) onLine(line);
        }
      } catch {
        if (!signal.aborted) throw new MeshCliError('The mesh cut the stream.', 'It may be restarting: try again.');
      }
    },
  };
}

function refusal(status: number, text: string, url: string): MeshCliError {
  let details: string[] = [];
  try {
    const { errors } = JSON.parse(text) as { errors: { detail: string }[] };
    details = errors.map(({ detail }) => detail);
  } catch {
    return new MeshCliError(
      `${url} replied with ${status} and a body that is not from the admin API.`,
      'Is MESH_ADMIN_URL the admin port of a mesh?',
    );
  }
  const next: Partial<Record<number, string>> = {
    401: 'Set MESH_ADMIN_TOKEN to the token that the mesh was started with.',
    404: '`mesh status` lists the routes.',
    412: '`mesh status` shows what is in force now.',
  };
  return new MeshCliError(details.join('\n'), next[status] ?? 'Nothing has been changed.');
}
