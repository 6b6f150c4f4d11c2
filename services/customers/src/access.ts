import type { Asked, Rule } from '@banyan/kit/access';
import { paths } from './contract.ts';

/**
 * What a token permits: administrators everything, and shoppers what is their own. A customer token narrows even a full token
 * to that customer. A new customer has no customer token yet, so anyone may sign up, and sign in.
 */
export const customersRule: Rule = (asked, { kind, subject }) => {
  const { customerId } = asked.params;
  const isOwn = customerId !== undefined && customerId === subject;
  if (kind === 'client_credentials') return subject === undefined || customerId === undefined || isOwn;
  // Entries are refused to shoppers by their own routes, which have words for it.
  if (asked.path.startsWith('/v2/flows/')) return asked.method === 'GET' || asked.method === 'HEAD';
  return isOwn || signsUpOrIn(asked);
};

function signsUpOrIn({ method, path }: Asked): boolean {
  return method === 'POST' && (path === paths.customers || path === paths.tokens);
}
