import { everySecondRequest } from './both-sides.ts';
import { cartCases } from './carts.ts';
import { carts } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('carts', cartCases, {
  'the monolith alone': monolithAlone,
  'both in turn, while the monolith owns carts': () => everySecondRequest(carts, 'monolith'),
  'both in turn, while the service owns carts': () => everySecondRequest(carts, 'service'),
});
