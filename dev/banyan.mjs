import { newerNode } from './newer-node.mjs';

await newerNode();
await import('./src/main.ts');
