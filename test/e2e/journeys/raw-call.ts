import type { Reply } from '../client.ts';

/** `fetch` with the client's own bearer token, for the calls that the client has no method for. */
export type RawCall = (method: string, path: string, data?: unknown) => Promise<{ status: number; body: Reply }>;
