import { startInstance } from '@banyan/brands/testing';
import { everySecondRequest } from './both-sides.ts';
import { groupCases } from './groups.ts';
import { brands as group } from './groups-goods.ts';
import { brands } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { groupsOnService, monolithAlone } from './sides.ts';

describeContract('brands', groupCases(group), {
  'the monolith alone': monolithAlone,
  'the brands service': () => groupsOnService({ ...brands, start: startInstance }),
  'both in turn, while the monolith owns brands': () => everySecondRequest(brands, 'monolith'),
  'both in turn, while the service owns brands': () => everySecondRequest(brands, 'service'),
});
