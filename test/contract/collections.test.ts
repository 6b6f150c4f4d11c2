import { startInstance } from '@banyan/collections/testing';
import { everySecondRequest } from './both-sides.ts';
import { groupCases } from './groups.ts';
import { collections as group } from './groups-goods.ts';
import { collections } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { groupsOnService, monolithAlone } from './sides.ts';

describeContract('collections', groupCases(group), {
  'the monolith alone': monolithAlone,
  'the collections service': () => groupsOnService({ ...collections, start: startInstance }),
  'both in turn, while the monolith owns collections': () => everySecondRequest(collections, 'monolith'),
  'both in turn, while the service owns collections': () => everySecondRequest(collections, 'service'),
});
