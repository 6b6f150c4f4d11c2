import { ServiceError } from '../../service/errors.ts';
import type { Ownership } from '../ownership.ts';

export const owner = (epoch: number, wayBack = true): Ownership => ({ epoch, state: 'owner', wayBack });
export const follower = (epoch: number): Ownership => ({ epoch, state: 'follower', wayBack: false });

/** For `assert.rejects`: an error of a service with this code. */
export const code = (expected: string) => (error: unknown) => error instanceof ServiceError && error.code === expected;
