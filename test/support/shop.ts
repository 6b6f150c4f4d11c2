/** A reply, as a ledger reads it. */
export interface Shown {
  /** 0: there was no reply. */
  status: number;
  /** Null without a body; without a reply, why. */
  // biome-ignore lint/suspicious/noExplicitAny: a body of the API
  body: any;
}

export interface Asked {
  method: string;
  /** Such as `/v2/brands`. */
  path: string;
  /** Sent as `data`. */
  data?: object;
  headers?: Readonly<Record<string, string>>;
  /** Sent instead of JSON. */
  form?: FormData;
}

/** Sends requests of one API client. Never rejects. */
export class Shop {
  readonly #url: string;
  readonly #token: string;

  /** @param url the edge, or one side past the mesh */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async send({ method, path, data, form, headers = {} }: Asked): Promise<Shown> {
    try {
      const reply = await fetch(this.#url + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(form ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(form ? { body: form } : data ? { body: JSON.stringify({ data }) } : {}),
      });
      const text = await reply.text();
      return { status: reply.status, body: text === '' ? null : JSON.parse(text) };
    } catch (error) {
      return { status: 0, body: String((error as Error).cause ?? error) };
    }
  }

  /** What a path has that is not JSON, read without a token. */
  async bytes(path: string): Promise<{ status: number; bytes: Buffer }> {
    try {
      const reply = await fetch(this.#url + path);
      return { status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) };
    } catch {
      return { status: 0, bytes: Buffer.alloc(0) };
    }
  }

  get(path: string): Promise<Shown> {
    return this.send({ method: 'GET', path });
  }
}
