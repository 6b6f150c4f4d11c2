export type { Access } from './access.ts';
export { type Authenticate, authenticator, bearerToken } from './authenticate.ts';
export { guardRoutes } from './guard.ts';
export { type Asked, type Rule, readOnlyForShoppers, seesLiveOnly } from './rules.ts';
export { type FindSubject, subjectFinder } from './subjects.ts';
