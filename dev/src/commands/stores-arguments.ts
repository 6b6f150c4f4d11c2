import { DevError } from '../errors.ts';

/**
 * The words after `npm run stores --`: options come first, then the command with options of its own.
 * @throws DevError bad_command
 */
export function storesArguments(words: readonly string[]): { only: string[] | null; command: string[] } | 'help' {
  let only: string[] | null = null;
  const left = [...words];
  while (left[0]?.startsWith('-')) {
    const [option = '', attached] = (left.shift() ?? '').split(/=(.*)/s);
    if (option === '--help' || option === '-h') return 'help';
    if (option === '--') break;
    if (option !== '--only') throw new DevError('bad_command', `there is no option ${option}: --help lists all`);
    only = (attached ?? left.shift() ?? '').split(',').filter(Boolean);
    if (only.length === 0) throw new DevError('bad_command', '--only takes names of stores: postgres,mariadb');
  }
  if (left.length === 0) throw new DevError('bad_command', 'a command is missing: --help shows how');
  return { only, command: left };
}
