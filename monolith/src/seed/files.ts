import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ContentStore } from '../files/content-store.ts';
import { filterName } from '../files/file-name.ts';
import { type Plan, spread } from './plan.ts';
import { plainPng } from './png.ts';
import type { SeededProduct } from './products.ts';
import { Random } from './random.ts';
import type { Cell, Table } from './table.ts';
import { colors, nouns } from './words.ts';

/** A picture, a text, or a link to a file elsewhere. */
export interface SeededFile {
  id: string;
  fileName: string;
  mimeType: string;
  isPublic: boolean;
  /** Pixels; undefined for what is not a picture. */
  side: number | undefined;
  /** Undefined for a link. */
  content: Buffer | undefined;
  location: string | undefined;
  createdAt: Date;
}

/** The files of a product; those of a child are those of its base. */
export interface ProductFiles {
  mainImage: SeededFile | undefined;
  files: readonly SeededFile[];
}

/** Mostly small pictures; of every twelve files, one is a text that is not public and one is a link. */
export function planFiles(plan: Plan): SeededFile[] {
  const random = new Random(plan.seed, 'files');
  const { files: count } = plan.size;
  return Array.from({ length: count }, (_, index) => {
    const id = random.uuid();
    const subject = `${random.pick(colors)}-${random.pick(nouns).toLowerCase()}-${index + 1}`;
    const side = random.int(8, 48);
    const color = [random.int(0, 255), random.int(0, 255), random.int(0, 255)] as const;
    const common = { id, createdAt: spread(plan, 700, index, count) };
    const picture = { mimeType: 'image/png', isPublic: true, fileName: `${subject}.png` };
    if (index % 12 === 11) {
      const location = `https://images.example/${subject}.png`;
      return { ...common, ...picture, side: undefined, content: undefined, location };
    }
    if (index % 12 === 10) {
      const content = Buffer.from(`How to take care of the ${subject}: keep it dry.\n`);
      const text = { mimeType: 'text/plain', isPublic: false, fileName: `${subject}.txt` };
      return { ...common, ...text, side: undefined, content, location: undefined };
    }
    return { ...common, ...picture, side, content: plainPng(side, side, color), location: undefined };
  });
}

/** Gives most products a main image, and some further files. */
export function planProductFiles(
  plan: Plan,
  products: readonly SeededProduct[],
  files: readonly SeededFile[],
): Map<string, ProductFiles> {
  const random = new Random(plan.seed, 'files of products');
  const pictures = files.filter(({ mimeType }) => mimeType === 'image/png');
  const planned = new Map(
    products.map(({ id }): [string, ProductFiles] => {
      const mainImage = random.chance(90) ? random.pick(pictures) : undefined;
      return [id, { mainImage, files: random.chance(20) ? random.sample(files, random.int(1, 2)) : [] }];
    }),
  );
  for (const { id, parentId } of products) {
    const inherited = parentId === undefined ? undefined : planned.get(parentId);
    if (inherited !== undefined) planned.set(id, inherited);
  }
  return planned;
}

export function fileTables(files: readonly SeededFile[], ofProducts: ReadonlyMap<string, ProductFiles>): Table[] {
  const columns = 'id file_name filter_name mime_type file_size public width height content_hash location created_at';
  return [
    {
      name: 'files',
      columns: columns.split(' '),
      rows: files.map((file): Cell[] => [
        file.id,
        file.fileName,
        filterName(file.fileName),
        file.mimeType,
        file.content?.length ?? 0,
        file.isPublic,
        file.side ?? null,
        file.side ?? null,
        file.content === undefined ? null : createHash('sha256').update(file.content).digest('hex'),
        file.location ?? null,
        file.createdAt,
      ]),
    },
    {
      name: 'product_main_images',
      columns: ['product_id', 'file_id'],
      rows: [...ofProducts].flatMap(([id, { mainImage }]): Cell[][] =>
        mainImage === undefined ? [] : [[id, mainImage.id]],
      ),
    },
    {
      name: 'product_files',
      columns: ['product_id', 'file_id', 'position'],
      rows: [...ofProducts].flatMap(([id, { files: linked }]) =>
        linked.map((file, index): Cell[] => [id, file.id, index + 1]),
      ),
    },
  ];
}

/** Writes the content of files to the disk. Content that is there already is written again. */
export async function writeContent(folder: string, files: readonly SeededFile[]): Promise<void> {
  const store = new ContentStore(folder);
  for (const { content } of files) {
    if (content !== undefined) await store.keep(await store.receive(Readable.from([content])));
  }
}
