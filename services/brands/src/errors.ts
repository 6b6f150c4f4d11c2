import { type CompleteErrorTable, type KitCode, ServiceError } from '@banyan/kit/errors';

/** All errors that this service raises on purpose. */
export type BrandsCode = KitCode | 'brand_missing' | 'slug_taken' | 'under_itself';

export class BrandsError extends ServiceError<BrandsCode> {}

/** The HTTP status of each code. */
export const brandsErrors = {
  brand_missing: { status: 404, title: 'Brand not found' },
  slug_taken: { status: 422, title: 'Failed Validation' },
  under_itself: { status: 422, title: 'Failed Validation' },
} as const satisfies CompleteErrorTable<BrandsCode>;

/** @param title other than that of all paths of brands */
export function brandMissing(title?: string): BrandsError {
  const detail = 'The requested brand could not be found';
  return new BrandsError('brand_missing', { detail, ...(title !== undefined && { title }) });
}
