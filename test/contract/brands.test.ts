import { brandCases } from './brands.ts';
import { describeContract } from './runner.ts';
import { brandsOnService, monolithAlone } from './sides.ts';

describeContract('brands', brandCases, { 'the monolith alone': monolithAlone, 'the brands service': brandsOnService });
