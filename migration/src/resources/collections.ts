import { groupLinks, groups } from './groups.ts';

const kind = { type: 'collection', plural: 'collections', summary: 'Collections and their tree' };

export const collections = groups(kind);
export const collectionLinks = groupLinks(kind);
