import { envSchema } from 'env-schema';
import type { Static, TObject } from '../../vendor/typebox.js';

/** One violation as Ajv reports it. */
interface Violation {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** A configuration that cannot be used. Lists every fault, each with its key, its value and the violated rule. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  ${faults.join('\n  ')}`,
    );
    this.faults = faults;
  }
}

/** The variables that are set, as text. */
export type GivenSettings = Readonly<Record<string, string>>;

/** Keys whose value may hold a secret. Their faults do not show the value. */
const secretKey = /SECRET|PASSWORD|TOKEN|KEY|_URL$/;

/**
 * Reads a program's whole configuration from the environment, before anything starts.
 *
 * Converts texts to numbers and booleans as the schema says, fills in defaults and leaves out other variables. An empty
 * variable counts as missing, because a compose file passes an unset variable as an empty one.
 *
 * @param rulesBetween the faults of settings that contradict each other
 * @throws ConfigError with all faults
 */
export function readConfig<Schema extends TObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
  rulesBetween: (given: GivenSettings) => readonly string[] = () => [],
): Static<Schema> {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  const contradictions = rulesBetween(given);
  let config: Static<Schema>;
  try {
    // A copy of the schema, because env-schema writes `additionalProperties` into the one that it gets.
    config = envSchema<Static<Schema>>({ schema: { ...schema }, data: given, env: false });
  } catch (error) {
    const violations = (error as { errors?: Violation[] }).errors;
    if (!violations) throw error;
    throw new ConfigError([...violations.map((violation) => faultOf(violation, env)), ...contradictions]);
  }
  if (contradictions.length > 0) throw new ConfigError(contradictions);
  return config;
}

function faultOf({ instancePath, keyword, params, message }: Violation, env: NodeJS.ProcessEnv): string {
  if (keyword === 'required') return `${String(params.missingProperty)}: is not set`;
  const key = instancePath.slice(1);
  const allowed = params.allowedValues;
  const rule = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : (message ?? keyword);
  const value = secretKey.test(key) ? '' : ` ${JSON.stringify(env[key])}`;
  return `${key}:${value} ${rule}`;
}
