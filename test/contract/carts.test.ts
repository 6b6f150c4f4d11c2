import { cartCases } from './carts.ts';
import { cartsOnService } from './carts-side.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('carts', cartCases, { 'the monolith alone': monolithAlone, 'the carts service': cartsOnService });
