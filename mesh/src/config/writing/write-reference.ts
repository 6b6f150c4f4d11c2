import { readFileSync, writeFileSync } from 'node:fs';
import { referenceText } from './reference.ts';

// Run as `npm run reference -w mesh` after a change of the document language.
const path = new URL('../README.md', import.meta.url);
const page = readFileSync(path, 'utf8');
const begin = '<!-- reference: written by write-reference.ts -->\n';
const end = '\n<!-- end of reference -->';
const from = page.indexOf(begin) + begin.length;
writeFileSync(path, `${page.slice(0, from)}\n${referenceText()}\n${page.slice(page.indexOf(end))}`);
