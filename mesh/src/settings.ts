import { isIP } from 'node:net';

/** What the process takes from its environment. Routing is not here: it is in the documents. */
export interface Settings {
  /** Address that Gateways without addresses, and the east-west port, listen on. */
  host: string;
  internalPort: number;
  adminHost: string;
  adminPort: number;
  /** Folder of the YAML documents. */
  documents: string;
  /** Folder for what must outlive the process; null keeps it in memory only. */
  state: string | null;
  logLevel: string;
  /** Peers whose X-Forwarded-* is believed at the edge: addresses and CIDR blocks. */
  trustedProxies: string[];
  headBytesMax: number;
  headTimeoutMs: number;
  idleTimeoutMs: number;
  keepAliveMs: number;
  drainMs: number;
  tracesKept: number;
  /** Bearer token for everything the admin port can do. Null: on loopback none is asked for, elsewhere only health is answered. */
  adminToken: string | null;
  /** Bearer token for reading only; null where there is none. */
  adminReadToken: string | null;
}

/** One setting that breaks its rule. */
export interface SettingFault {
  key: string;
  value: string;
  rule: string;
}

type Environment = Record<string, string | undefined>;

/** Reads every setting; all faults at once. Secrets are never in a fault. */
export function readSettings(env: Environment): { settings: Settings; faults: SettingFault[] } {
  const faults: SettingFault[] = [];
  const text = (key: string, fallback: string) => {
    const value = env[key];
    return value === undefined || value === '' ? fallback : value;
  };
  const whole = (key: string, fallback: number, min: number, max: number) => {
    const value = text(key, String(fallback));
    const parsed = Number(value);
    if (/^\d+$/.test(value) && parsed >= min && parsed <= max) return parsed;
    faults.push({ key, value, rule: `a whole number from ${min} to ${max}` });
    return fallback;
  };
  const oneOf = (key: string, fallback: string, allowed: readonly string[]) => {
    const value = text(key, fallback);
    if (allowed.includes(value)) return value;
    faults.push({ key, value, rule: `one of ${allowed.join(', ')}` });
    return fallback;
  };
  const trustedProxies = text('MESH_TRUSTED_PROXIES', '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const entry of trustedProxies) {
    if (!isAddressBlock(entry)) {
      faults.push({
        key: 'MESH_TRUSTED_PROXIES',
        value: entry,
        rule: 'IP addresses or CIDR blocks, separated by commas',
      });
    }
  }
  const state = text('MESH_STATE', '');
  const token = text('MESH_ADMIN_TOKEN', '');
  const readToken = text('MESH_ADMIN_READ_TOKEN', '');
  const settings: Settings = {
    host: text('HOST', '127.0.0.1'),
    internalPort: whole('INTERNAL_PORT', 4140, 0, 65_535),
    adminHost: text('MESH_ADMIN_HOST', '127.0.0.1'),
    adminPort: whole('MESH_ADMIN_PORT', 9990, 0, 65_535),
    documents: text('MESH_DOCUMENTS', 'mesh/platform'),
    state: state === '' ? null : state,
    logLevel: oneOf('LOG_LEVEL', 'info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    trustedProxies,
    headBytesMax: whole('MESH_HEAD_BYTES_MAX', 16_384, 1024, 1_048_576),
    headTimeoutMs: whole('MESH_HEAD_TIMEOUT_MS', 10_000, 100, 600_000),
    idleTimeoutMs: whole('MESH_IDLE_TIMEOUT_MS', 300_000, 100, 86_400_000),
    keepAliveMs: whole('MESH_KEEP_ALIVE_MS', 65_000, 100, 3_600_000),
    drainMs: whole('MESH_DRAIN_MS', 8_000, 0, 600_000),
    tracesKept: whole('MESH_TRACES_KEPT', 256, 1, 100_000),
    adminToken: token === '' ? null : token,
    adminReadToken: readToken === '' ? null : readToken,
  };
  return { settings, faults };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function isAddressBlock(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
