import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { type Fault, failedValidation } from './faults.ts';

/** Checks a value and returns it typed. */
export type Check<S extends TSchema> = (value: unknown) => Static<S>;

/**
 * Compiles a schema into a check. The check reports one fault for each wrong member, with its path from `root`
 * (`data.price.0.amount`).
 * @throws ShopError `validation_failed` when a member breaks the schema
 */
export function checker<S extends TSchema>(schema: S, root = 'data'): Check<S> {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return value as Static<S>;
    throw failedValidation(faultsOf(validator.Errors(value), root));
  };
}

function faultsOf(errors: readonly TLocalizedValidationError[], root: string): Fault[] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    const path = root + error.instancePath.replaceAll('/', '.');
    const missing = error.keyword === 'required' ? error.params.requiredProperties : [undefined];
    for (const name of missing) {
      const source = name === undefined ? path : `${path}.${name}`;
      const detail = `The ${source} field ${name === undefined ? complaint(error) : 'is required'}.`;
      if (!faults.has(source)) faults.set(source, { detail, source });
    }
  }
  return [...faults.values()];
}

function complaint(error: TLocalizedValidationError): string {
  return error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
}
