import { type CompleteErrorTable, type KitCode, ServiceError } from '../service/errors.ts';
import { type GroupKind, titleOf } from './kind.ts';

/** All errors that a service of groups raises on purpose. */
export type GroupsCode = KitCode | 'group_missing' | 'slug_taken' | 'under_itself';

export class GroupsError extends ServiceError<GroupsCode> {}

/** The HTTP status of each code. */
export const groupsErrors = {
  group_missing: { status: 404, title: 'Not Found' },
  slug_taken: { status: 422, title: 'Failed Validation' },
  under_itself: { status: 422, title: 'Failed Validation' },
} as const satisfies CompleteErrorTable<GroupsCode>;

/** @param title other than that of all paths of the kind */
export function groupMissing(kind: Pick<GroupKind, 'type'>, title = `${titleOf(kind)} not found`): GroupsError {
  return new GroupsError('group_missing', { detail: `The requested ${kind.type} could not be found`, title });
}
