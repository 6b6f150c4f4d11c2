import { everySecondRequest } from './both-sides.ts';
import { brandCases } from './brands.ts';
import { brands } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { brandsOnService, monolithAlone } from './sides.ts';

describeContract('brands', brandCases, {
  'the monolith alone': monolithAlone,
  'the brands service': brandsOnService,
  'both in turn, while the monolith owns brands': () => everySecondRequest(brands, 'monolith'),
  'both in turn, while the service owns brands': () => everySecondRequest(brands, 'service'),
});
