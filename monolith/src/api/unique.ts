import { isUniqueViolation } from '../db.ts';
import { failedValidation } from './faults.ts';

/**
 * Runs a write.
 * @throws ShopError `validation_failed` when the value of one of `members` is taken (constraint `<table>_<member>_key`)
 */
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

/** @throws ShopError `validation_failed` when the id in the body differs from the id in the path */
export function sameId(pathId: string, bodyId: string | undefined): void {
  if (bodyId !== undefined && bodyId !== pathId) {
    throw failedValidation([{ detail: 'The data.id field differs from the id in the path.', source: 'data.id' }]);
  }
}
