/**
 * A key is kept for every client, and a header may have kilobytes: of a long value, the end and the length are kept.
 */
const keyLengthMax = 64;

/**
 * The key that tells clients apart, as a short string.
 *
 * By address: an IPv6 client can use any address of a /64, so the key is the /64 (RFC 6177); an IPv4-mapped IPv6
 * address is the IPv4 address. By header: the value of the header. A client without the header is keyed by its address,
 * in a separate name space, so that no value can pass for an address.
 */
export function clientKey(address: string, headerValue: string | undefined): string {
  if (headerValue === undefined) return `a ${networkOf(address)}`;
  if (headerValue.length <= keyLengthMax) return `h ${headerValue}`;
  // Tokens of one issuer begin alike and end in different signatures.
  return `l ${headerValue.length} ${headerValue.slice(-keyLengthMax)}`;
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  if (tail === undefined) return groups(first);
  const last = tail === '' ? [] : tail.split(':');
  // A dotted quad at the end stands for two groups.
  const lastLength = last.length + (last.at(-1)?.includes('.') ? 1 : 0);
  return groups([...first, ...new Array<string>(Math.max(0, 8 - first.length - lastLength)).fill('0'), ...last]);
}

function groups(all: readonly string[]): string {
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
