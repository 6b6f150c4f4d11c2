import { checkoutCases } from './checkout.ts';
import { orderCases } from './orders.ts';
import { paymentCases } from './payments.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('orders, checkout and payments', [...checkoutCases, ...orderCases, ...paymentCases], {
  'the monolith alone': monolithAlone,
});
