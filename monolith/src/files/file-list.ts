import type { FastifyRequest } from 'fastify';
import { allOf, Bindings } from '../api/sql.ts';
import {
  booleanField,
  type FilterField,
  type FilterFields,
  filterConditions,
  integerField,
  textField,
  uuidField,
} from '../lists/filter-fields.ts';
import { listReply, readListQuery } from '../lists/query.ts';
import { byText, orderBy } from '../lists/sort.ts';
import type { Shop } from '../shop.ts';
import { filterName } from './file-name.ts';
import { countFiles, fileOrder, selectFiles } from './file-rows.ts';
import { fileView } from './file-view.ts';

const name = textField('f.filter_name');
const byName: FilterField = {
  ops: name.ops,
  condition: (term, bindings) => name.condition({ ...term, values: term.values.map(filterName) }, bindings),
};

const filters: FilterFields = {
  id: uuidField('f.id = any($::uuid[])'),
  file_name: byName,
  public: booleanField('f.public'),
  width: integerField('f.width'),
  height: integerField('f.height'),
  file_size: integerField('f.file_size'),
};

const sorts = { created_at: 'f.created_at', file_name: byText('f.filter_name'), file_size: 'f.file_size' };

/** `GET /v2/files`. Clients that see live entities only see public files only. */
export async function listFiles(shop: Shop, request: FastifyRequest) {
  const query = await readListQuery(shop, request);
  const bindings = new Bindings();
  const publicOnly = request.access.kind === 'implicit';
  const where = allOf([...(publicOnly ? ['f.public'] : []), ...filterConditions(query.filter, filters, bindings)]);
  const total = await countFiles(shop.db, where, bindings);
  const order = orderBy(query.sort, sorts, 'f.id', fileOrder);
  const tail = `${order} limit ${bindings.add(query.page.limit)} offset ${bindings.add(query.page.offset)}`;
  const rows = await selectFiles(shop.db, { where, tail, bindings });
  const data = rows.map((row) => fileView(row, shop.config.publicUrl));
  return listReply(shop, request, query.page, total, data);
}
