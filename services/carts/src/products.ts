/** The main image of a product, as carts show it: three empty texts without one. */
export interface Image {
  mime_type: string;
  file_name: string;
  href: string;
}
export const noImage: Image = { mime_type: '', file_name: '', href: '' };

/** A product as its owner describes it to this service. */
export interface Product {
  id: string;
  name: string;
  sku: string;
  slug: string;
  description: string;
  manage_stock: boolean;
  status: 'live' | 'draft';
  /** By currency; amounts in minor units. */
  prices: Readonly<Record<string, { amount: number; includes_tax: boolean }>>;
}

/** An order as far as it can be ordered again. */
export interface PastOrder {
  currency: string;
  lines: readonly {
    productId: string | null;
    name: string;
    sku: string;
    quantity: number;
    unitAmount: number;
    includesTax: boolean;
  }[];
}
