import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Span, Spans } from '../mesh/spans.ts';
import type { NewEvent } from '../store/events.ts';
import { inProcessSpan, inPublishSpan } from './message-spans.ts';
import { eventAt } from './testing.ts';

const [trace, caller] = ['1'.repeat(32), '2'.repeat(16)];
const caused = { traceparent: `00-${trace}-${caller}-01`, baggage: 'a=b' };

function listening() {
  const spans = new Spans();
  const made: Span[] = [];
  spans.listen((span) => made.push(span));
  return { spans, made };
}

test('a fact is published and handled in spans, each below the one before it', async () => {
  const { spans, made } = listening();
  const event = eventAt(1, { trace: caused });
  let travels: NewEvent | undefined;
  const publish = async (traced: NewEvent) => {
    travels = traced;
    return true;
  };
  assert.equal(await inPublishSpan(spans, event, 'facts', publish), true);
  const context = { queue: 'things.search', caused: { ...travels?.trace } };
  let handed: unknown;
  await inProcessSpan(spans, travels as NewEvent, context, async (given) => {
    handed = given;
  });
  const [published, processed] = made as [Span, Span];
  assert.deepEqual(
    made.map(({ name, kind, parentId, failed }) => [name, kind, parentId, failed]),
    [
      ['publish facts', 'producer', caller, false],
      ['process things.search', 'consumer', published.spanId, false],
    ],
  );
  assert.deepEqual(travels, { ...event, trace: { ...caused, traceparent: `00-${trace}-${published.spanId}-01` } });
  assert.deepEqual(handed, { ...caused, traceparent: `00-${trace}-${processed.spanId}-01` });
  assert.equal(processed.attributes['messaging.rabbitmq.destination.routing_key'], event.type);
});

test('what fails is told of and fails all the same', async () => {
  const { spans, made } = listening();
  const event = eventAt(1, { trace: caused });
  const fail = async () => {
    throw new Error('no');
  };
  await assert.rejects(inPublishSpan(spans, event, 'facts', fail), /no/);
  await assert.rejects(inProcessSpan(spans, event, { queue: 'q', caused }, fail), /no/);
  assert.deepEqual(
    made.map(({ failed }) => failed),
    [true, true],
  );
});

test('a fact without a sampled trace travels as it is', async () => {
  const { spans, made } = listening();
  for (const trace of [undefined, { traceparent: `${caused.traceparent.slice(0, -1)}0` }, { traceparent: 'x' }]) {
    const event = eventAt(1, trace === undefined ? {} : { trace });
    await inPublishSpan(spans, event, 'facts', async (traced) => traced === event || assert.fail('changed'));
    const passed = { ...trace };
    await inProcessSpan(spans, event, { queue: 'q', caused: passed }, async (given) => assert.equal(given, passed));
  }
  assert.deepEqual(made, []);
});
