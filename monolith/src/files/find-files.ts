import { notFound } from '../api/faults.ts';
import { isUuid } from '../api/ids.ts';
import { Bindings } from '../api/sql.ts';
import type { Shop } from '../shop.ts';
import { type FileRow, fileOrder, selectFiles } from './file-rows.ts';

/**
 * The files with these ids, each once, in the order of lists; unknown ids are left out. With `publicOnly`, so are files
 * that are not public.
 */
export async function findFiles(shop: Shop, ids: readonly string[], publicOnly: boolean): Promise<FileRow[]> {
  const wanted = [...new Set(ids.filter(isUuid).map((id) => id.toLowerCase()))];
  if (wanted.length === 0) return [];
  if (!shop.debts.owed('files-one-by-one')) return filesIn(shop, wanted, publicOnly);
  // Debt 25: one query for each file, one after the other.
  const found: FileRow[] = [];
  for (const id of wanted) found.push(...(await filesIn(shop, [id], publicOnly)));
  return found.sort((a, b) => a.created_at.getTime() - b.created_at.getTime() || (a.id < b.id ? -1 : 1));
}

/**
 * One file.
 * @throws ShopError `not_found` when the file does not exist, or the client may not see it
 */
export async function requireFile(shop: Shop, id: string, publicOnly: boolean): Promise<FileRow> {
  const [found] = await findFiles(shop, [id], publicOnly);
  if (found === undefined) throw notFound('The requested file could not be found', 'File not found');
  return found;
}

function filesIn(shop: Shop, ids: readonly string[], publicOnly: boolean): Promise<FileRow[]> {
  const bindings = new Bindings();
  const where = `f.id = any(${bindings.add(ids)}::uuid[])${publicOnly ? ' and f.public' : ''}`;
  return selectFiles(shop.db, { where, tail: `order by ${fileOrder}`, bindings });
}
