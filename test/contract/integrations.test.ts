import { allOnService, everySecondRequest } from './both-sides.ts';
import { integrationCases } from './integrations.ts';
import { integrations } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('integrations', integrationCases, {
  'the monolith alone': monolithAlone,
  'the integrations service': () => allOnService(integrations),
  'both in turn, while the monolith owns integrations': () => everySecondRequest(integrations, 'monolith'),
  'both in turn, while the service owns integrations': () => everySecondRequest(integrations, 'service'),
});
