#!/usr/bin/env node
import { endWithReader, terminal } from './cli/output.ts';
import { main } from './cli/program.ts';

endWithReader(process.stdout);
endWithReader(process.stderr);
process.exitCode = await main(process.argv.slice(2), terminal);
