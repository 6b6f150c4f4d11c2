/** A reply; its body is null without content. */
export interface Called {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
  body: any;
}

/** Sends a request with a JSON body and reads a JSON reply. Headers of a call replace those of the caller. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Called>;

/** @param url of an instance. A function is asked anew at each call: a started instance may be another one. */
export function callerOf(url: string | (() => string), authorization: string): Call {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(new URL(path, typeof url === 'string' ? url : url()), {
      method,
      headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  };
}
