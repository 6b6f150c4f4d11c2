import { isUniqueViolation } from '../db.ts';
import { failedValidation } from './faults.ts';

/** Runs a write; where the value of one of `members` is already taken (`<table>_<member>_key`), throws 422 for it. */
export async function uniqueOr422<T>(table: string, members: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const taken = members.find((member) => isUniqueViolation(error, `${table}_${member}_key`));
    if (taken === undefined) throw error;
    const source = `data.${taken}`;
    throw failedValidation([{ detail: `The ${source} field is already taken.`, source }]);
  }
}

/** Throws 422 where the body names another entity than the path. */
export function sameId(pathId: string, bodyId: string | undefined): void {
  if (bodyId !== undefined && bodyId !== pathId) {
    throw failedValidation([{ detail: 'The data.id field differs from the id in the path.', source: 'data.id' }]);
  }
}
