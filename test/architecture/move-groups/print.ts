import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../sources.ts';
import { reviewed } from './crossings.ts';
import { matrixOf, monolithSources } from './matrix.ts';
import { pageOf } from './page.ts';

writeFileSync(join(root, 'monolith/MOVE-GROUPS.md'), pageOf(matrixOf(monolithSources()), reviewed));
