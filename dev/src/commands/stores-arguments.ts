import { DevError } from '../errors.ts';
import type { Wanted } from '../test-stores/test-stores.ts';

/**
 * The words after `npm run stores --`: options come first, then the command with options of its own.
 * @throws DevError bad_command
 */
export function storesArguments(words: readonly string[]): { wanted: Wanted; command: string[] } | 'help' {
  let wanted: Wanted = 'quick';
  const left = [...words];
  while (left[0]?.startsWith('-')) {
    const [option = '', attached] = (left.shift() ?? '').split(/=(.*)/s);
    if (option === '--help' || option === '-h') return 'help';
    if (option === '--') break;
    if (option === '--all') wanted = 'all';
    else if (option === '--only') wanted = (attached ?? left.shift() ?? '').split(',').filter(Boolean);
    else throw new DevError('bad_command', `there is no option ${option}: --help lists all`);
    if (wanted.length === 0) throw new DevError('bad_command', '--only takes names of stores: postgres,mariadb');
  }
  if (left.length === 0) throw new DevError('bad_command', 'a command is missing: --help shows how');
  return { wanted, command: left };
}
