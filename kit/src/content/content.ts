export { contentPaths, Hash, type LackingReply } from './contract.ts';
export { ContentFolder, ContentTooLong, type Received } from './folder.ts';
export { addContentRoutes } from './routes.ts';
