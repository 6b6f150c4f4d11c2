import { startInstance } from '@banyan/categories/testing';
import { everySecondRequest } from './both-sides.ts';
import { groupCases } from './groups.ts';
import { categories as group } from './groups-goods.ts';
import { categories } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { groupsOnService, monolithAlone } from './sides.ts';

describeContract('categories', groupCases(group), {
  'the monolith alone': monolithAlone,
  'the categories service': () => groupsOnService({ ...categories, start: startInstance }),
  'both in turn, while the monolith owns categories': () => everySecondRequest(categories, 'monolith'),
  'both in turn, while the service owns categories': () => everySecondRequest(categories, 'service'),
});
