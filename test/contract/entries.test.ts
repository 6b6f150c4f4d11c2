import { allOnServices, everySecondRequest } from './both-sides.ts';
import { entryCases } from './entries.ts';
import { fieldIncludeCases } from './field-includes.ts';
import { brands, carts, customers, flows } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

// A path that names a core flow by its id leads to the owner of flows, whichever side owns the entities. The others are those
// of entries-move.test.ts, and the real mesh is that of edge.test.ts.
describeContract('entries of core flows', [...entryCases, ...fieldIncludeCases], {
  'the monolith alone': monolithAlone,
  'the services of brands, carts and flows': () => allOnServices(brands, carts, flows),
  'both in turn, while the service owns brands': () => everySecondRequest(brands, 'service'),
  'both in turn, while the service owns carts': () => everySecondRequest(carts, 'service'),
  'both in turn, while the service owns customers': () => everySecondRequest(customers, 'service'),
  'both in turn, while the service owns flows': () => everySecondRequest(flows, 'service'),
});
