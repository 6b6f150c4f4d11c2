import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DebtName, parseDebtsPaid } from './debts.ts';
import { allowedNetworks } from './outbound/networks.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface Config {
  host: string;
  /** 0 takes any free port. */
  port: number;
  databaseUrl: string;
  /** Where uploaded files are kept: an absolute path. It belongs to this database alone. */
  filesFolder: string;
  /** Base of the links in replies, without a trailing slash. */
  publicUrl: string;
  debtsPaid: readonly DebtName[];
  /** URL of the keys of another token issuer; absent without one. */
  jwksUrl: string | undefined;
  /** Base URL of the owner of inventories while it is another program; absent without one. */
  inventoriesUrl: string | undefined;
  /** Base URL of the platform, as this program reaches it, while other programs own a part of the shop; absent without one. */
  edgeUrl: string | undefined;
  /** The client that may introspect tokens (RFC 7662); if absent, all introspection is refused. */
  introspection: { clientId: string; clientSecret: string } | undefined;
  /** Addresses and networks that webhooks may reach although they are not on the Internet. */
  webhookNetworks: readonly string[];
  logLevel: (typeof logLevels)[number];
}

/** A setting that breaks its rule. Values of secrets are not shown. */
export interface ConfigFault {
  key: string;
  value: string;
  rule: string;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; faults: ConfigFault[] };

/** Reads the configuration from the environment. The result is the whole configuration or all faults. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const faults: ConfigFault[] = [];
  const text = (key: string) => env[key]?.trim() ?? '';
  const fault = (key: string, rule: string, shown = text(key)) => faults.push({ key, value: shown, rule });

  const host = text('HOST') || '127.0.0.1';
  const port = Number(text('PORT') || 3000);
  const portFits = Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (!portFits) fault('PORT', 'a whole number from 0 to 65535');

  const databaseUrl = text('DATABASE_URL');
  if (!hasProtocol(databaseUrl, ['postgres:', 'postgresql:'])) {
    fault(
      'DATABASE_URL',
      'required: postgres://user:password@host:port/database',
      databaseUrl === '' ? '' : '(hidden)',
    );
  }
  const filesFolder = filesFolderOf(text('FILES_FOLDER'));
  const publicUrl = (text('PUBLIC_URL') || `http://${host}:${portFits ? port : 0}`).replace(/\/+$/, '');
  if (!hasProtocol(publicUrl, ['http:', 'https:'])) fault('PUBLIC_URL', 'an http or https URL');
  const jwksUrl = text('JWKS_URL') || undefined;
  if (jwksUrl !== undefined && !hasProtocol(jwksUrl, ['http:', 'https:'])) fault('JWKS_URL', 'an http or https URL');

  const inventoriesUrl = text('INVENTORIES_URL').replace(/\/+$/, '') || undefined;
  if (inventoriesUrl !== undefined && !hasProtocol(inventoriesUrl, ['http:', 'https:'])) {
    fault('INVENTORIES_URL', 'an http or https URL');
  }

  const edgeUrl = text('EDGE_URL').replace(/\/+$/, '') || undefined;
  if (edgeUrl !== undefined && !hasProtocol(edgeUrl, ['http:', 'https:'])) fault('EDGE_URL', 'an http or https URL');

  const { paid, unknown } = parseDebtsPaid(text('DEBTS_PAID'));
  if (unknown.length > 0) fault('DEBTS_PAID', 'names of debts (see --debts), or tunable', unknown.join(','));

  const clientId = text('INTROSPECTION_CLIENT_ID');
  const clientSecret = text('INTROSPECTION_CLIENT_SECRET');
  if ((clientId === '') !== (clientSecret === '')) {
    fault(
      clientId === '' ? 'INTROSPECTION_CLIENT_ID' : 'INTROSPECTION_CLIENT_SECRET',
      'INTROSPECTION_CLIENT_ID and INTROSPECTION_CLIENT_SECRET go together',
      '',
    );
  }
  const webhookNetworks = text('WEBHOOK_NETWORKS')
    .split(',')
    .map((network) => network.trim())
    .filter((network) => network !== '');
  if (!areNetworks(webhookNetworks)) {
    fault('WEBHOOK_NETWORKS', 'IP addresses and networks, separated by commas: 127.0.0.1,10.1.0.0/16');
  }
  const logLevel = logLevels.find((level) => level === (text('LOG_LEVEL') || 'info'));
  if (logLevel === undefined) fault('LOG_LEVEL', `one of ${logLevels.join(', ')}`);

  if (faults.length > 0 || logLevel === undefined) return { ok: false, faults };
  const introspection = clientId === '' ? undefined : { clientId, clientSecret };
  return {
    ok: true,
    config: {
      host,
      port,
      databaseUrl,
      filesFolder,
      publicUrl,
      debtsPaid: paid,
      jwksUrl,
      inventoriesUrl,
      edgeUrl,
      introspection,
      webhookNetworks,
      logLevel,
    },
  };
}

/** The absolute path of the folder of files; without one, a folder in the checkout, whatever the working directory is. */
export function filesFolderOf(given: string | undefined): string {
  return given ? resolve(given) : fileURLToPath(new URL('../../.banyan/files', import.meta.url));
}

function areNetworks(texts: readonly string[]): boolean {
  try {
    allowedNetworks(texts);
    return true;
  } catch {
    return false;
  }
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  return url !== null && protocols.includes(url.protocol);
}
