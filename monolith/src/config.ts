import { type DebtName, parseDebtsPaid } from './debts.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface Config {
  host: string;
  /** 0 takes any free port. */
  port: number;
  databaseUrl: string;
  /** Base of the links in answers, without a slash at its end. */
  publicUrl: string;
  debtsPaid: readonly DebtName[];
  /** Keys of the tokens that another issuer signs; absent where there is none. */
  jwksUrl: string | undefined;
  /** Who may ask about tokens (RFC 7662); absent: nobody. */
  introspection: { clientId: string; clientSecret: string } | undefined;
  logLevel: (typeof LOG_LEVELS)[number];
}

/** One setting that breaks its rule. The value of a secret is not shown. */
export interface ConfigFault {
  key: string;
  value: string;
  rule: string;
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; faults: ConfigFault[] };

/** Reads the whole configuration from the environment and gives either all of it or every fault. */
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
  const publicUrl = (text('PUBLIC_URL') || `http://${host}:${portFits ? port : 0}`).replace(/\/+$/, '');
  if (!hasProtocol(publicUrl, ['http:', 'https:'])) fault('PUBLIC_URL', 'an http or https URL');
  const jwksUrl = text('JWKS_URL') || undefined;
  if (jwksUrl !== undefined && !hasProtocol(jwksUrl, ['http:', 'https:'])) fault('JWKS_URL', 'an http or https URL');

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
  const logLevel = LOG_LEVELS.find((level) => level === (text('LOG_LEVEL') || 'info'));
  if (logLevel === undefined) fault('LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')}`);

  if (faults.length > 0 || logLevel === undefined) return { ok: false, faults };
  const introspection = clientId === '' ? undefined : { clientId, clientSecret };
  return {
    ok: true,
    config: { host, port, databaseUrl, publicUrl, debtsPaid: paid, jwksUrl, introspection, logLevel },
  };
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  return url !== null && protocols.includes(url.protocol);
}
