import { allOnService, everySecondRequest } from './both-sides.ts';
import { customerCases } from './customers.ts';
import { customers } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('customers', customerCases, {
  'the monolith alone': monolithAlone,
  'the customers service': () => allOnService(customers),
  'both in turn, while the monolith owns customers': () => everySecondRequest(customers, 'monolith'),
  'both in turn, while the service owns customers': () => everySecondRequest(customers, 'service'),
});
