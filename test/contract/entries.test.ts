import { allOnService, everySecondRequest } from './both-sides.ts';
import { entryCases } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { brands, carts } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

// Flows stay with the monolith: a path that names a core flow by its id leads there, whichever side owns the entities.
describeContract('entries of core flows', [...entryCases, ...fieldIncludeCases], {
  'the monolith alone': monolithAlone,
  'the brands service': () => allOnService(brands),
  'the carts service': () => allOnService(carts),
  'both in turn, while the monolith owns brands': () => everySecondRequest(brands, 'monolith'),
  'both in turn, while the service owns brands': () => everySecondRequest(brands, 'service'),
  'both in turn, while the monolith owns carts': () => everySecondRequest(carts, 'monolith'),
  'both in turn, while the service owns carts': () => everySecondRequest(carts, 'service'),
});
