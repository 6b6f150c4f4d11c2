/** The number of records of each kind in a data set. */
export interface Size {
  products: number;
  /** Products with children; the children are among `products`. */
  families: number;
  files: number;
  categories: number;
  brands: number;
  collections: number;
  customers: number;
  orders: number;
  clients: number;
  tokens: number;
  integrations: number;
  jobs: number;
  /** Entries of the flows that have entries of their own. */
  entries: number;
  promotions: number;
  /** For each promotion that has codes. */
  codes: number;
}

export const sizes = {
  /** For tests: takes seconds. */
  small: {
    products: 60,
    families: 2,
    files: 24,
    categories: 12,
    brands: 6,
    collections: 4,
    customers: 200,
    orders: 400,
    clients: 6,
    tokens: 2_000,
    integrations: 3,
    jobs: 5,
    entries: 40,
    promotions: 10,
    codes: 3,
  },
  /** A shop after some years, for measurements. */
  reference: {
    products: 2_000,
    families: 20,
    files: 240,
    categories: 60,
    brands: 40,
    collections: 20,
    customers: 20_000,
    orders: 50_000,
    clients: 200,
    tokens: 300_000,
    integrations: 12,
    jobs: 200,
    entries: 2_000,
    promotions: 60,
    codes: 50,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof sizes;

export function isSizeName(text: string): text is SizeName {
  return Object.hasOwn(sizes, text);
}
