import { currencyCases } from './currencies.ts';
import { currenciesOnBothSides, currenciesOnService } from './currencies-side.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('currencies', currencyCases, {
  'the monolith alone': monolithAlone,
  'the currencies service': currenciesOnService,
  'the currencies service, with every second read from the monolith': currenciesOnBothSides,
});
