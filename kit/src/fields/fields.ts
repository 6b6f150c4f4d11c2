export { checkValues, type IsTaken, requireUnique, written } from './check-values.ts';
export type { Definitions, Field, NewValues, Values } from './definition.ts';
export { EntityFields, type FieldsOptions } from './definitions.ts';
export type { Entities, Entity, ValuesChange } from './entities.ts';
export { addEntryRoutes } from './entry-routes.ts';
export { FieldIncludes, type FoundIncludes, type IncludesOptions, joinedIncludes, missingHeader } from './includes.ts';
export { addFieldLinkRoutes } from './link-routes.ts';
export { attributesWithFields, withFields } from './shown.ts';
