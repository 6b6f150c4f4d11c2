import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The two published clients that the API must serve, unmodified. */
export const sdkVersions = ['3.24.1', '36.0.0'] as const;
export type SdkVersion = (typeof sdkVersions)[number];

const packages: Record<SdkVersion, string> = { '3.24.1': 'moltin-sdk-3', '36.0.0': 'moltin-sdk-36' };

/** One resource of the API as the client returns it: flat JSON:API-like objects. */
// biome-ignore lint/suspicious/noExplicitAny: the client's own typings miss half of its results; the journeys assert each field.
export type Reply = any;

type Calls = Record<string, (...args: unknown[]) => Promise<Reply>>;
type Query = Calls & Record<'Filter' | 'Limit' | 'Offset' | 'Sort' | 'With', (value: unknown) => Query>;

/** What the journeys use of the client; both versions have all of it. */
export interface Client {
  config: { protocol: string; host: string };
  request: { send?: unknown };
  Authenticate(): Promise<Reply>;
  Products: Query;
  Categories: Query;
  Brands: Query;
  Collections: Query;
  Currencies: Query & { Set(code: string): unknown };
  Inventories: Query;
  Customers: Query;
  Addresses: Calls;
  Orders: Query;
  Transactions: Calls;
  Gateways: Query;
  Settings: Calls;
  /** From 36.0.0 on; 3.24.1 cannot upload. */
  Files: Query;
  /** From 36.0.0 on, too. */
  Variations: Query;
  Integrations: Calls;
  Jobs: Calls;
  Flows: Query;
  Fields: Query;
  /** Since version 4.6. */
  Promotions?: Query;
  Cart(reference?: string): Query;
}

export interface ClientOptions {
  /** Origin of the API, such as `http://127.0.0.1:8080`. */
  url: string;
  version: SdkVersion;
  clientId: string;
  /** Given: `client_credentials`. Absent: `implicit`. */
  clientSecret?: string;
  currency?: string;
  /** Used instead of Node's own `fetch`; only by 36.0.0. */
  customFetch?: unknown;
}

/** A client with a memory of its own, so that no token leaks from one test into the next. */
export function createClient(options: ClientOptions): Client {
  const sdk = require(packages[options.version]) as {
    gateway(config: object): Client & { CustomerAddresses?: Calls };
    MemoryStorageFactory: new () => object;
  };
  const client = sdk.gateway({
    client_id: options.clientId,
    ...(options.clientSecret === undefined ? {} : { client_secret: options.clientSecret }),
    ...(options.currency === undefined ? {} : { currency: options.currency }),
    host: options.url.replace(/^https?:\/\//, ''),
    protocol: 'http',
    ...(options.customFetch === undefined ? {} : { custom_fetch: options.customFetch }),
    // One attempt: a 401 must be seen by the test, not retried away for six seconds.
    fetchMaxAttempts: 1,
    storage: new sdk.MemoryStorageFactory(),
  });
  client.config.protocol = 'http'; // 3.x knows no such option and would speak https
  client.Addresses ??= client.CustomerAddresses as Calls;
  return client;
}
