export { DevError, type DevErrorCode } from './errors.ts';
export type { StackEvent } from './stack/events.ts';
export { Stack, type StackOptions, startStack } from './stack/stack.ts';
export type { ProcessStatus, StackStatus, StoreStatus } from './stack/status.ts';
