#!/usr/bin/env node
import { newerNode } from './newer-node.mjs';

await newerNode();
await import('./src/main.ts');
