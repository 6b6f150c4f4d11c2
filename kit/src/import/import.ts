export * from './contract.ts';
export { digestOf, rangeDigest, type State } from './digest.ts';
export type { Ledger, VersionRow } from './ledger.ts';
export { Moment, microsIn, momentOf } from './moment.ts';
export type { AppliedChange, MovedResource } from './moved-resource.ts';
export { type Changed, type Moves, openMoves } from './moves.ts';
export { neverOwned, Ownership, sameOwnership } from './ownership.ts';
export { addImportRoutes } from './routes.ts';
export { counterOf, epochOf, type Version, versionOf } from './version.ts';
