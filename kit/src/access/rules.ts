import type { Access } from './access.ts';

/** A request as the rules see it. `path` is the route's pattern, such as `/v2/orders/:id/payments`. */
export interface Asked {
  method: string;
  path: string;
  /** The parameters of the path, decoded. */
  params: Readonly<Record<string, string>>;
}

/** Whether an access token permits a request. */
export type Rule = (asked: Asked, access: Access) => boolean;

/** `implicit` tokens read, and `client_credentials` administer. */
export const readOnlyForShoppers: Rule = ({ method }, { kind }) =>
  kind === 'client_credentials' || method === 'GET' || method === 'HEAD';

/** Whether the caller sees only what is live. Drafts do not exist for it. */
export function seesLiveOnly({ kind }: Access): boolean {
  return kind === 'implicit';
}
