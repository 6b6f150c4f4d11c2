/** One reply, as a client sees it. */
export interface Reply {
  status: number;
  /** Undefined for a reply without a body. */
  // biome-ignore lint/suspicious/noExplicitAny: cases read replies as a client does, member by member.
  body: any;
  headers: Headers;
}

/** Sends one request. A body that is text is sent as it is, any other as JSON. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>;

/** The API as a case sees it, whatever serves it. */
export interface Api {
  /** With a token of client_credentials. */
  admin: Call;
  /** With an implicit token. */
  shopper: Call;
  /** Without a token. */
  anonymous: Call;
  /** Unique for each run of a case: names and slugs that hold it belong to this run. */
  tag: string;
  /** Counts up from 1 in each run of a case. */
  next(): number;
}

/** One case of the contract. It uses only the API, so it runs over any base URL. */
export interface Case {
  name: string;
  run(api: Api): Promise<void>;
}

export interface Tokens {
  admin: string;
  shopper: string;
}

export interface ApiOptions {
  /** Base URLs: requests go to them in turn. With one, all go to it. */
  urls: readonly [string, ...string[]];
  tokens: Tokens;
  tag: string;
  /** Called after each request that may have changed something, before the next one. */
  settle?: () => Promise<void>;
  /** Called with each reply. */
  onReply?: (request: { method: string; path: string }, status: number, headers: Headers, text: string) => void;
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);

export function openApi({ urls, tokens, tag, settle, onReply }: ApiOptions): Api {
  let turn = 0;
  let count = 0;
  const caller =
    (authorization: string | undefined): Call =>
    async (method, path, body, headers = {}) => {
      const url = urls[turn % urls.length]!;
      turn += 1;
      const response = await fetch(url + path, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(authorization !== undefined && { authorization }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!safe.has(method)) await settle?.();
      onReply?.({ method, path }, response.status, response.headers, text);
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
    };
  return {
    admin: caller(`Bearer ${tokens.admin}`),
    shopper: caller(`Bearer: ${tokens.shopper}`),
    anonymous: caller(undefined),
    tag,
    next: () => {
      count += 1;
      return count;
    },
  };
}
