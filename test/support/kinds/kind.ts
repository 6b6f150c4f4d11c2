import type { Asked, Shop, Shown } from '../shop.ts';

/** An entity that is shown. */
export interface Found {
  unique: string;
  value: number;
}

/**
 * How a ledger writes one resource: entities of which each has something unique, by which it is found, and a value, which
 * rises with each change.
 */
export interface Kind {
  /** The resource of the migration. */
  resource: string;
  /** There may be only few, so each client has one for the whole run, and deletes none. */
  lasting: boolean;
  /** There is one, which every client would write: only the first one does. */
  single?: true;
  unique(client: number, round: number): string;
  create(unique: string, value: number): Asked;
  /** Its path, from the reply to `create`. */
  pathOf(unique: string, reply: Shown): string;
  /** Null: the API has no change of it. */
  change(path: string, value: number): Asked | null;
  /** Null: the API has no deletion of it. */
  remove(path: string): Asked | null;
  read(unique: string, path: string): Asked;
  /** From the reply to `read`; null: it is not there. */
  valueIn(unique: string, reply: Shown): number | null;
  /**
   * Whether the work that the entity stands for has ended, from the reply to `read`: a client waits for that before it makes
   * the next one. Absent: it does not wait.
   */
  hasEnded?(reply: Shown): boolean;
  /** Every entity there is of those asked for, and of no other. One that is there twice is found twice. */
  find(shop: Shop, uniques: readonly string[]): Promise<Found[]>;
}

/** Text that engines like to change: accents in both forms, emoji, trailing blanks. It must travel as it is. */
export const oddText = 'd\u00e9j\u00e0 de\u0301ja\u0300 \u{1F600}  ';

/** All pages of a list. @throws Error where a page is refused */
// biome-ignore lint/suspicious/noExplicitAny: entities of the API
export async function everyPage(shop: Shop, path: string): Promise<any[]> {
  const all = [];
  for (let offset = 0; ; offset += 100) {
    const { status, body } = await shop.get(`${path}?page[limit]=100&page[offset]=${offset}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)?.slice(0, 300)}`);
    all.push(...body.data);
    if (body.data.length < 100) return all;
  }
}

/** The number at the end of a text: `name 12` has 12. */
export const numberAtEnd = (text: string): number => Number(text.slice(text.lastIndexOf(' ') + 1));
