import { groupLinks, groups } from './groups.ts';

const kind = { type: 'category', plural: 'categories', summary: 'Categories and their tree' };

export const categories = groups(kind);
export const categoryLinks = groupLinks(kind);
