export {
  type GroupChange,
  groupChangeSchema,
  groupEvents,
  groupFactSchema,
  groupPaths,
  type NewGroup,
  newGroupSchema,
} from './contract.ts';
export { groupsErrors } from './errors.ts';
export type { GroupKind } from './kind.ts';
export { Members } from './members.ts';
export { addGroupRoutes, type GroupHandlers } from './routes.ts';
export { mariadbWords } from './sql/mariadb.ts';
export { openGroupStore } from './sql/open.ts';
export { sqliteWords } from './sql/sqlite.ts';
export type { GroupStore } from './store.ts';
