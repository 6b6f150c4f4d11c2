import { customerCases } from './customers.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('customers', customerCases, { 'the monolith alone': monolithAlone });
