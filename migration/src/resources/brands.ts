import { groupLinks, groups } from './groups.ts';

const kind = { type: 'brand', plural: 'brands', summary: 'Brands and their tree' };

export const brands = groups(kind);
export const brandLinks = groupLinks(kind);
