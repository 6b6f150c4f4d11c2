import { BlockList, isIP } from 'node:net';

/**
 * Networks that requests to addresses of clients must not reach: this machine, the platform, link-local and reserved
 * ones (RFC 6890), and IPv6 networks that lead to IPv4 addresses.
 */
const blocked4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];
// IPv4-compatible, -mapped and -translated, NAT64, Teredo, 6to4, unique local, link-local, site-local, multicast.
const blocked6 = [
  '::/96',
  '::ffff:0:0/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

type Family = 'ipv4' | 'ipv6';

// One list for each family: in one, a mapped IPv6 network would match every IPv4 address.
const blocked: Record<Family, BlockList> = { ipv4: listOf(blocked4), ipv6: listOf(blocked6) };

/** The addresses that may be reached in spite of the blocked networks. */
export interface AllowedNetworks {
  has(address: string): boolean;
}

/**
 * Reads addresses and networks, such as `127.0.0.1` and `10.1.0.0/16`.
 * @throws RangeError when a text is neither
 */
export function allowedNetworks(texts: readonly string[]): AllowedNetworks {
  const ipv4 = listOf(texts.filter((text) => familyOf(text) === 'ipv4'));
  const ipv6 = listOf(texts.filter((text) => familyOf(text) === 'ipv6'));
  return {
    has(address) {
      const family = familyOf(address);
      return (family === 'ipv4' ? ipv4 : ipv6).check(address, family);
    },
  };
}

/** Whether an IP address may be connected to. Texts that are not IP addresses may not. */
export function mayReach(address: string, allowed: AllowedNetworks): boolean {
  if (isIP(address) === 0) return false;
  const family = familyOf(address);
  return allowed.has(address) || !blocked[family].check(address, family);
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits, ...more] = network.split('/');
    const family = familyOf(address);
    const longest = family === 'ipv4' ? 32 : 128;
    const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (isIP(address) === 0 || more.length > 0 || prefix < 0 || prefix > longest) {
      throw new RangeError(`${network} is not an address or a network`);
    }
    list.addSubnet(address, prefix, family);
  }
  return list;
}

function familyOf(text: string): Family {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}
