import { allOnService, everySecondRequest } from './both-sides.ts';
import { flowCases } from './flows.ts';
import { flows } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('flows', flowCases, {
  'the monolith alone': monolithAlone,
  'the flows service': () => allOnService(flows),
  'both in turn, while the monolith owns flows': () => everySecondRequest(flows, 'monolith'),
  'both in turn, while the service owns flows': () => everySecondRequest(flows, 'service'),
});
