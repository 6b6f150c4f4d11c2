/** One reply, as a client sees it. */
export interface Reply {
  status: number;
  /** Undefined for a reply without a body. */
  // biome-ignore lint/suspicious/noExplicitAny: cases read replies as a client does, member by member.
  body: any;
  headers: Headers;
}

/** Sends one request. A body that is text or bytes is sent as it is, any other as JSON. */
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
  /** The API client that may ask for tokens of both kinds. */
  client: ApiClient;
  /**
   * Reads as an administrator until a reply is as wanted, then from every side once more. Only the last replies count as
   * replies of the case.
   */
  eventually(path: string, isWanted: (reply: Reply) => boolean): Promise<Reply>;
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
  /** The API client whose tokens these are. */
  client: ApiClient;
}

/** An API client, with the members of a token request. */
export interface ApiClient {
  client_id: string;
  client_secret: string;
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

/** How long a reply may take to be as wanted. */
const limitMs = 30_000;
const pollMs = 25;

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array;
}

export function openApi({ urls, tokens, tag, settle, onReply }: ApiOptions): Api {
  let turn = 0;
  let count = 0;
  const caller =
    (authorization: string | undefined, note = onReply): Call =>
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
        ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!safe.has(method)) await settle?.();
      note?.({ method, path }, response.status, response.headers, text);
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      const parsed = text === '' ? undefined : isJson ? JSON.parse(text) : text;
      return { status: response.status, body: parsed, headers: response.headers };
    };
  const admin = caller(`Bearer ${tokens.admin}`);
  const unheard = caller(`Bearer ${tokens.admin}`, () => {});
  return {
    admin,
    eventually: async (path, isWanted) => {
      const until = performance.now() + limitMs;
      for (let wanted = 0; wanted < urls.length; ) {
        wanted = isWanted(await unheard('GET', path)) ? wanted + 1 : 0;
        if (performance.now() > until) throw new Error(`GET ${path} was not as wanted in ${limitMs} ms`);
        if (wanted === 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return admin('GET', path);
    },
    shopper: caller(`Bearer: ${tokens.shopper}`),
    anonymous: caller(undefined),
    client: tokens.client,
    tag,
    next: () => {
      count += 1;
      return count;
    },
  };
}
