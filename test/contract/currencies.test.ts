import { allOnService, everySecondRequest } from './both-sides.ts';
import { currencyCases } from './currencies.ts';
import { currencies } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('currencies', currencyCases, {
  'the monolith alone': monolithAlone,
  'the currencies service': () => allOnService(currencies),
  'both in turn, while the monolith owns currencies': () => everySecondRequest(currencies, 'monolith'),
  'both in turn, while the service owns currencies': () => everySecondRequest(currencies, 'service'),
});
