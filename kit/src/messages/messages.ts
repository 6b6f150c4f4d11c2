export { type Consumer, type ConsumerOptions, type Handle, type HandlingContext, startConsumer } from './consumer.ts';
export { BadMessage, type Envelope, resourceOf } from './envelope.ts';
export { eachOnce, newerOnly } from './handled.ts';
export { MessageMeters } from './meters.ts';
export { openPublisher, type Publisher, type PublisherOptions } from './publisher.ts';
export { type Published, type Relay, type RelayOptions, startRelay } from './relay.ts';
