export { checkValues, type IsTaken, requireUnique, written } from './check-values.ts';
export {
  type Definitions,
  type Field,
  type NewValues,
  type Rule,
  relationOf,
  type Target,
  type Values,
} from './definition.ts';
export { EntityFields, type FieldsOptions } from './definitions.ts';
export type { Entities, Entity, ValuesChange } from './entities.ts';
export { addEntryRoutes } from './entry-routes.ts';
export { complaintOf } from './field-value.ts';
export { FieldIncludes, type FoundIncludes, type IncludesOptions, joinedIncludes, missingHeader } from './includes.ts';
export { addFieldLinkRoutes, changeFieldLinks, type LinkRoutes } from './link-routes.ts';
export type { Verb } from './links.ts';
export { attributeOf, attributesWithFields, withFields } from './shown.ts';
export { addTargetRoutes } from './target-routes.ts';
export { askedIds, targetQueries } from './targets.ts';
