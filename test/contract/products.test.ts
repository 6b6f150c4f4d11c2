import { productCases } from './products.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('products and categories', productCases, { 'the monolith alone': monolithAlone });
