// node dev/run.mjs FILE [arguments]: runs a TypeScript program of the checkout, also where `node` is too old for that.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newerNode } from './newer-node.mjs';

await newerNode();
const file = resolve(process.argv[2] ?? '');
process.argv.splice(1, 2, file);
await import(pathToFileURL(file).href);
