export {
  type GroupChange,
  groupChangeSchema,
  groupEvents,
  groupFactSchema,
  groupPaths,
  type NewGroup,
  newGroupSchema,
} from './contract.ts';
export type { GroupKind } from './kind.ts';
export { mariadbWords } from './sql/mariadb.ts';
export { openGroupStore } from './sql/open.ts';
export { sqliteWords } from './sql/sqlite.ts';
export { type GroupService, groupSettings, startGroupService } from './start.ts';
export type { GroupStore } from './store.ts';
