import { type LookupAddress, lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { promisify } from 'node:util';
import { type AllowedNetworks, mayReach } from './networks.ts';

/** Finds the addresses of a host name. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

export const resolveByDns: Resolve = (host) => promisify(lookup)(host, { all: true });

export interface Outbound {
  allowed: AllowedNetworks;
  resolve: Resolve;
  /** How long a request may take, from the name to the end of the reply, in ms. */
  timeoutMs: number;
}

export interface OutboundReply {
  status: number;
  /** The first bytes of the body, as text. */
  body: string;
}

/** Why a request got no reply. The message is fit for the owner of the address. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
}

const maxBodyBytes = 4_096;

/**
 * Posts a body to an address that a client chose. The addresses of the host are checked, and the connection goes to one
 * of the checked addresses and to no other. Redirects are not followed: their reply is the result. `signal` ends the
 * request early.
 * @throws OutboundError when the address must not be reached, or no whole reply came in time
 */
export async function post(
  out: Outbound,
  url: URL,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<OutboundReply> {
  const inTime = AbortSignal.timeout(out.timeoutMs);
  const ended = AbortSignal.any([inTime, signal]);
  try {
    const addresses = await orAborted(addressesOf(out, url), ended);
    return await send(url, headers, body, addresses, ended);
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    if (inTime.aborted) throw new OutboundError(`No whole reply within ${out.timeoutMs / 1000} s`, { cause: error });
    throw new OutboundError(reasonOf(error), { cause: error });
  }
}

async function addressesOf({ allowed, resolve }: Outbound, url: URL): Promise<LookupAddress[]> {
  // An IPv6 literal stands in brackets. Node looks up no literals, so they are checked here like names.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) throw new OutboundError('The host has no address');
  if (!addresses.every(({ address }) => mayReach(address, allowed))) {
    throw new OutboundError('The host has an address that must not be reached from here');
  }
  return addresses;
}

function send(
  url: URL,
  headers: Record<string, string>,
  body: string,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
): Promise<OutboundReply> {
  const checked: LookupFunction = (_host, options, done) => {
    const [first] = addresses;
    if (options.all) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        lookup: checked,
        // A connection of its own: none that was opened for another name is used again.
        agent: false,
        signal,
      },
      (reply) => {
        textOf(reply).then((text) => resolve({ status: reply.statusCode ?? 0, body: text }), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The start of a body. The rest is not read. */
async function textOf(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxBodyBytes) break;
  }
  // The store keeps no NUL.
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString().replaceAll('\0', '\ufffd');
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // Handled first: a rejection that nothing handles would end the process.
    work.then(resolve, reject);
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === '' ? 'The connection failed' : `The connection failed: ${code}`;
}
