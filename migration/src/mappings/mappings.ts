import { MigrationError } from '../errors.ts';
import { authClients } from './auth-clients.ts';
import type { Mapping } from './mapping.ts';

/** All mappings. */
export const mappings: readonly Mapping[] = [authClients];

/** @throws MigrationError `bad_arguments` */
export function mappingNamed(name: string): Mapping {
  const found = mappings.find((mapping) => mapping.name === name);
  if (found) return found;
  const known = mappings.map((mapping) => mapping.name).join(', ');
  throw new MigrationError('bad_arguments', `there is no mapping ${name}; there is: ${known}`);
}
