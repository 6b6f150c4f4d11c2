import { inventoryCases } from './inventories.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('inventories', inventoryCases, { 'the monolith alone': monolithAlone });
