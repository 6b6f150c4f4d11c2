export { DevError, type DevErrorCode } from './errors.ts';
export type { StackEvent } from './stack/events.ts';
export type { StackOptions } from './stack/options.ts';
export { Stack, startStack } from './stack/stack.ts';
export type { ProcessStatus, StackStatus, StoreStatus } from './stack/status.ts';
