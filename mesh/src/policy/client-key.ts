/** A key is kept for every client, and a header may have kilobytes: of a long value its end and its length are kept. */
const keyLengthMax = 64;

/**
 * What a client is told apart by, in a short string.
 *
 * By address: an IPv6 client has a whole /64 to choose its addresses from, so that is what counts (RFC 6177); an IPv4
 * address in IPv6 clothes is the IPv4 address. By header: its value; who sends none is known by the address, in a name
 * space of its own, so that no value can pass for an address.
 */
export function clientKey(address: string, headerValue: string | undefined): string {
  if (headerValue === undefined) return `a ${networkOf(address)}`;
  if (headerValue.length <= keyLengthMax) return `h ${headerValue}`;
  // Tokens begin alike and end in their signature.
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
