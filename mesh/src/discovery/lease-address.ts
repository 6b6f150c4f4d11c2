import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Networks without instances, and addresses that only this machine may call. */
const refused = new BlockList();
refused.addSubnet('0.0.0.0', 8); // "this network"
refused.addSubnet('127.0.0.0', 8); // loopback, where an IPv6 address carries it
refused.addSubnet('169.254.0.0', 16); // link-local: the metadata services of clouds
refused.addSubnet('192.0.0.0', 24); // IETF protocol assignments; a metadata service at 192.0.0.192
refused.addAddress('100.100.100.200'); // a metadata service
refused.addAddress('168.63.129.16'); // a metadata service
refused.addSubnet('224.0.0.0', 4); // multicast
refused.addSubnet('240.0.0.0', 4); // reserved, broadcast
refused.addSubnet('::', 96, 'ipv6'); // unspecified, and IPv4-compatible (deprecated, RFC 4291)
refused.addSubnet('::ffff:0:0:0', 96, 'ipv6'); // IPv4-translated (RFC 2765)
refused.addSubnet('64:ff9b:1::', 48, 'ipv6'); // local NAT64 (RFC 8215): each network embeds IPv4 in its own way
refused.addSubnet('2001::', 32, 'ipv6'); // Teredo (RFC 4380)
refused.addSubnet('2002::', 16, 'ipv6'); // 6to4 (RFC 3056, deprecated by RFC 7526)
refused.addSubnet('fe80::', 10, 'ipv6'); // link-local
refused.addSubnet('fec0::', 10, 'ipv6'); // site-local, deprecated (RFC 3879)
refused.addSubnet('ff00::', 8, 'ipv6'); // multicast
refused.addAddress('fd00:ec2::254', 'ipv6'); // a metadata service
refused.addAddress('fd20:ce::254', 'ipv6'); // a metadata service

/**
 * IPv4-mapped. IPv6 addresses need a list of their own, because `BlockList` matches every IPv4 address with this
 * subnet.
 */
const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', 96, 'ipv6');

/** NAT64 (RFC 6052): packets go to the IPv4 address in the last 32 bits. */
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * Why `address` cannot be the address of an instance; null if it can. Names are refused, because the address of a name
 * can change after the check.
 *
 * @param peer the caller: only a caller on this machine may register an instance on this machine
 */
export function leaseAddressFault(address: string, peer: string): string | null {
  if (!isIPv4(address) && !isIPv6(address)) return 'must be an IP address';
  if (address.includes('%')) return 'must be an IP address without a zone';
  if (isIPv6(address) && inside(mapped, address)) return 'must be written as IPv4';
  if (inside(loopback, address)) {
    return inside(loopback, peer) ? null : 'must not be a loopback address, coming from elsewhere';
  }
  const reached = isIPv6(address) && inside(nat64, address) ? embeddedIPv4(address) : address;
  return inside(refused, address) || inside(refused, reached) ? 'must be an address that an instance can have' : null;
}

function inside(list: BlockList, ip: string): boolean {
  return list.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
}

/** The last 32 bits of an IPv6 address as IPv4. The URL parser normalizes every spelling to RFC 5952. */
function embeddedIPv4(address: string): string {
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
