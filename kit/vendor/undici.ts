import { createRequire } from 'node:module';
import type * as undici from 'undici';

const require = createRequire(import.meta.url);

/**
 * undici's connection pool and its errors without the rest of undici: fetch, WebSocket, caching and cookies cost each
 * process 11 MB and are not used here. The paths are of the pinned version; a test compares with the whole package.
 */
export const Pool = require('undici/lib/dispatcher/pool.js') as typeof undici.Pool;
export type Pool = undici.Pool;
export const errors = require('undici/lib/core/errors.js') as typeof undici.errors;

// `pool.request` and its like are added by the package's index.
const { prototype } = require('undici/lib/dispatcher/dispatcher.js') as typeof undici.Dispatcher;
Object.assign(prototype, require('undici/lib/api'));
