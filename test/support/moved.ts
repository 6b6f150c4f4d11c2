import { resources } from '@banyan/migration/resources';

/** Every resource of the migration that moves there and back. */
export const moved = resources
  .filter(({ apply }) => apply !== undefined)
  .map(({ name, service, route }) => ({ name, service, route }));
