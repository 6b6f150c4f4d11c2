import type { FileRow } from './file-rows.ts';
import { hrefOf } from './file-view.ts';

/** The main image of a product, as carts show it. */
export type ProductImage = Pick<FileRow, 'id' | 'file_name' | 'mime_type' | 'public' | 'location'>;

/**
 * The column `image` of a query: the main image of a product, or null. Images that are not public are left out, because
 * shoppers see carts. `productId` is a column.
 */
export function imageColumn(productId: string): string {
  return `(select jsonb_build_object('id', f.id, 'file_name', f.file_name, 'mime_type', f.mime_type, 'public', f.public,
      'location', f.location)
    from product_main_images m join files f on f.id = m.file_id where m.product_id = ${productId} and f.public) as image`;
}

/** An image in the form of carts: three texts, empty without an image. */
export function imageView(image: ProductImage | null, publicUrl: string) {
  if (image === null) return { mime_type: '', file_name: '', href: '' };
  return { mime_type: image.mime_type, file_name: image.file_name, href: hrefOf(image, publicUrl) };
}
