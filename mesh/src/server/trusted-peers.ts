import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../policy/client.ts';

/** Whether a peer's address is in `entries` (valid IP addresses and CIDR blocks). */
export function trustedPeers(entries: readonly string[]): (address: string) => boolean {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) {
    const [written = '', bits] = entry.split('/');
    const address = bits === undefined ? plainAddress(written) : written;
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = address.startsWith('::ffff:') && isIP(address) !== 0 ? plainAddress(address) : address;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}
