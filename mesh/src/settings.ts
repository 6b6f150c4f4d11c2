import { isIP, isIPv4 } from 'node:net';
import type { Forms } from './telemetry/trace-context.ts';

/** The settings in the environment of the process. Routing is in the documents instead. */
export interface Settings {
  /** Address that Gateways without addresses, and the east-west port, listen on. */
  host: string;
  internalPort: number;
  adminHost: string;
  adminPort: number;
  /** Host names of the admin port besides those of this machine; in lower case. */
  adminNames: string[];
  /** Files, folders and patterns of the YAML documents. */
  documents: string[];
  /** Folder for what must outlive the process; null keeps it in memory only. */
  state: string | null;
  logLevel: string;
  /** Peers whose X-Forwarded-* is believed at the edge: addresses and CIDR blocks. */
  trustedProxies: string[];
  headBytesMax: number;
  headTimeoutMs: number;
  /** Memory for all held bodies, all workers together. */
  heldBytesMax: number;
  idleTimeoutMs: number;
  keepAliveMs: number;
  drainMs: number;
  /** How long a draining process keeps an unused connection, for a request that may be on its way. */
  drainIdleMs: number;
  /** Processes that share the data ports; 0 = one process does everything. */
  workers: number;
  /** Whether a predecessor or a successor may listen on the same ports at the same time (SO_REUSEPORT). */
  reusePort: boolean;
  tracesKept: number;
  /** Spans of services. */
  spansKept: number;
  /** Percentage of the traces beginning here that is exported; the decision of a caller comes first. */
  traceSamplePercent: number;
  /** The forms of trace context that every upstream gets. */
  traceForms: Forms;
  /** Where traces are sent by OTLP over HTTP; null keeps them in memory only. */
  otlpTracesUrl: string | null;
  /** Bearer token for the whole admin port. Null: on loopback none is needed, elsewhere only health is served. */
  adminToken: string | null;
  /** Bearer token for reading only; null = none. */
  adminReadToken: string | null;
  /** Bearer token for instances that register themselves; null = `adminToken`. */
  leaseToken: string | null;
}

/** One setting that breaks its rule. */
export interface SettingFault {
  key: string;
  value: string;
  rule: string;
}

type Environment = Record<string, string | undefined>;

/** Reads every setting, and returns all faults at once. Secrets are never in a fault. */
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
  const listed = (key: string) =>
    text(key, '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const trustedProxies = listed('MESH_TRUSTED_PROXIES');
  for (const entry of trustedProxies) {
    if (!isAddressBlock(entry)) {
      faults.push({
        key: 'MESH_TRUSTED_PROXIES',
        value: entry,
        rule: 'IP addresses or CIDR blocks, separated by commas',
      });
    }
  }
  const adminNames = listed('MESH_ADMIN_NAMES').map((name) => name.toLowerCase().replace(/\.$/, ''));
  for (const name of adminNames) {
    if (isIP(name) !== 0 || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) continue;
    faults.push({
      key: 'MESH_ADMIN_NAMES',
      value: name,
      rule: 'host names or IP addresses without a port, separated by commas',
    });
  }
  const percent = (key: string, fallback: number) => {
    const value = text(key, String(fallback));
    if (/^\d+(\.\d+)?$/.test(value) && Number(value) <= 100) return Number(value);
    faults.push({ key, value, rule: 'a number from 0 to 100' });
    return fallback;
  };
  const state = text('MESH_STATE', '');
  const token = text('MESH_ADMIN_TOKEN', '');
  const readToken = text('MESH_ADMIN_READ_TOKEN', '');
  const leaseToken = text('MESH_LEASE_TOKEN', '');
  const settings: Settings = {
    host: text('HOST', '127.0.0.1'),
    internalPort: whole('INTERNAL_PORT', 4140, 0, 65_535),
    adminHost: text('MESH_ADMIN_HOST', '127.0.0.1'),
    adminPort: whole('MESH_ADMIN_PORT', 9990, 0, 65_535),
    adminNames,
    documents: documentPaths(text('MESH_DOCUMENTS', '')),
    state: state === '' ? null : state,
    logLevel: oneOf('LOG_LEVEL', 'info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    trustedProxies,
    headBytesMax: whole('MESH_HEAD_BYTES_MAX', 16_384, 1024, 1_048_576),
    heldBytesMax: whole('MESH_HELD_BYTES_MAX', 67_108_864, 1_048_576, 2 ** 40),
    headTimeoutMs: whole('MESH_HEAD_TIMEOUT_MS', 10_000, 100, 600_000),
    idleTimeoutMs: whole('MESH_IDLE_TIMEOUT_MS', 300_000, 100, 86_400_000),
    keepAliveMs: whole('MESH_KEEP_ALIVE_MS', 65_000, 100, 3_600_000),
    drainMs: whole('MESH_DRAIN_MS', 8_000, 0, 600_000),
    drainIdleMs: whole('MESH_DRAIN_IDLE_MS', 2_000, 0, 600_000),
    workers: whole('MESH_WORKERS', 0, 0, 64),
    reusePort: oneOf('MESH_REUSE_PORT', 'no', ['yes', 'no']) === 'yes',
    tracesKept: whole('MESH_TRACES_KEPT', 256, 1, 100_000),
    spansKept: whole('MESH_SPANS_KEPT', 4_096, 1, 1_000_000),
    traceSamplePercent: percent('MESH_TRACE_SAMPLE_PERCENT', 100),
    traceForms: traceForms(text('OTEL_PROPAGATORS', 'tracecontext,baggage'), faults),
    otlpTracesUrl: otlpTracesUrl(text, faults),
    adminToken: token === '' ? null : token,
    adminReadToken: readToken === '' ? null : readToken,
    leaseToken: leaseToken === '' ? null : leaseToken,
  };
  if (settings.reusePort && settings.workers > 0) {
    faults.push({
      key: 'MESH_REUSE_PORT',
      value: 'yes',
      rule: 'no where there are workers: SIGUSR2 or `mesh restart` replaces those without a second mesh',
    });
  }
  return { settings, faults };
}

/** Files, folders and patterns of documents, separated by commas. */
export function documentPaths(list: string): string[] {
  const paths = list.split(',').map((path) => path.trim());
  const named = paths.filter((path) => path !== '');
  return named.length > 0 ? named : ['mesh/platform', 'services/*/mesh.yaml'];
}

/** OpenTelemetry's list of propagators. Baggage passes through the mesh whether it is named or not. */
function traceForms(list: string, faults: SettingFault[]): Forms {
  const named = list.split(',').map((name) => name.trim());
  for (const name of named) {
    if (['tracecontext', 'baggage', 'b3', 'b3multi', 'none'].includes(name)) continue;
    faults.push({ key: 'OTEL_PROPAGATORS', value: name, rule: 'of tracecontext, baggage, b3, b3multi, none' });
  }
  return { w3c: named.includes('tracecontext'), b3: named.includes('b3'), b3multi: named.includes('b3multi') };
}

/** The URL for traces unchanged, or otherwise the general one with the path of the protocol. */
function otlpTracesUrl(text: (key: string, fallback: string) => string, faults: SettingFault[]): string | null {
  const own = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '');
  const key = own === '' ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const value = text(key, '');
  if (value === '') return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  const usable = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!usable) {
    // The refused value may contain a password.
    faults.push({ key, value: '…', rule: 'an http or https URL without a user or password in it' });
    return null;
  }
  return own === '' ? `${value.replace(/\/+$/, '')}/v1/traces` : value;
}

/** Whether `host` can only be reached from this machine. A name that merely begins with `127.` can lead anywhere. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function isAddressBlock(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
