import { everySecondRequest } from './both-sides.ts';
import { entryCases } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { brands, carts, customers } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

// Flows stay with the monolith: a path that names a core flow by its id leads there, whichever side owns the entities. The
// other owners are those of entries-move.test.ts, and the real mesh is that of edge.test.ts.
describeContract('entries of core flows', [...entryCases, ...fieldIncludeCases], {
  'the monolith alone': monolithAlone,
  'both in turn, while the service owns brands': () => everySecondRequest(brands, 'service'),
  'both in turn, while the service owns carts': () => everySecondRequest(carts, 'service'),
  'both in turn, while the service owns customers': () => everySecondRequest(customers, 'service'),
});
