#!/usr/bin/env node
import { terminal } from './cli/output.ts';
import { main } from './cli/program.ts';

process.exitCode = await main(process.argv.slice(2), terminal);
