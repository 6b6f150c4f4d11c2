import { promotionCases } from './promotions.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('promotions and their codes', promotionCases, { 'the monolith alone': monolithAlone });
