import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { PoolClient } from '../db.ts';
import { copyLine, type Table } from './table.ts';

const chunkCharacters = 64 * 1024;

/** Sends rows into a table. `onRows` receives the number of rows of each chunk. */
export async function copyInto(db: PoolClient, table: Table, onRows: (rows: number) => void): Promise<void> {
  const statement = `copy ${table.name} (${table.columns.join(', ')}) from stdin`;
  await pipeline(Readable.from(chunks(table, onRows)), db.query(copyFrom(statement)));
}

function* chunks(table: Table, onRows: (rows: number) => void): Generator<string> {
  let text = '';
  let rows = 0;
  for (const row of table.rows) {
    text += copyLine(row);
    rows += 1;
    if (text.length >= chunkCharacters) {
      yield text;
      onRows(rows);
      text = '';
      rows = 0;
    }
  }
  if (rows > 0) yield text;
  onRows(rows);
}
