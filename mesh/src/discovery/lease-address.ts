import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where no instance can be, or where a lease would make the mesh call on something that only this machine may ask. */
const never = new BlockList();
never.addSubnet('0.0.0.0', 8); // this network
never.addSubnet('169.254.0.0', 16); // link-local: metadata services of clouds live there
never.addSubnet('224.0.0.0', 4); // multicast
never.addSubnet('240.0.0.0', 4); // reserved, broadcast
never.addAddress('::', 'ipv6');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`), as a server on `::` sees its peers, without them. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/**
 * What is wrong with `address` as that of an instance; null where nothing is. Names are not taken: what a name leads to can change
 * after it has been checked.
 *
 * @param peer who asks: only somebody on this machine may bring an instance on this machine
 */
export function leaseAddressFault(address: string, peer: string): string | null {
  const inside = (list: BlockList, ip: string) => list.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
  if (!isIPv4(address) && !isIPv6(address)) return 'must be an IP address';
  if (address.includes('%') || /^::ffff:/i.test(address)) return 'must be a plain IP address';
  if (inside(never, address)) return 'must be an address that an instance can have';
  if (inside(loopback, address) && !inside(loopback, peer))
    return 'must not be a loopback address, coming from elsewhere';
  return null;
}
