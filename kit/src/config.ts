import { envSchema } from 'env-schema';
import type { Static, TObject } from 'typebox';

/** What Ajv says of one fault. */
interface SchemaFault {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** Every fault of a configuration at once, each with its key, its value and the rule that it breaks. */
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

/** Keys whose value may hold a secret: their faults name the rule, not the value. */
const secretKey = /SECRET|PASSWORD|TOKEN|KEY|_URL$/;

/**
 * Reads a program's whole configuration from the environment, before anything starts.
 *
 * Texts become numbers and booleans as the schema says, defaults are filled in, other variables are left out. An empty
 * variable counts as missing, because that is what a compose file makes of one that is not set.
 *
 * @throws ConfigError with all faults
 */
export function readConfig<Schema extends TObject>(schema: Schema, env: NodeJS.ProcessEnv): Static<Schema> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  try {
    // A copy of the schema: env-schema writes `additionalProperties` into the one it is given.
    return envSchema<Static<Schema>>({ schema: { ...schema }, data: given, env: false });
  } catch (error) {
    const faults = (error as { errors?: SchemaFault[] }).errors;
    if (!faults) throw error;
    throw new ConfigError(faults.map((fault) => sentence(fault, env)));
  }
}

function sentence(fault: SchemaFault, env: NodeJS.ProcessEnv): string {
  if (fault.keyword === 'required') return `${String(fault.params.missingProperty)}: is not set`;
  const key = fault.instancePath.slice(1);
  const allowed = fault.params.allowedValues;
  const rule = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : (fault.message ?? fault.keyword);
  const value = secretKey.test(key) ? '' : ` ${JSON.stringify(env[key])}`;
  return `${key}:${value} ${rule}`;
}
