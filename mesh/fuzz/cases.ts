import { lastRequest, request } from './grammar.ts';
import { mutated, split } from './mutate.ts';
import { SeededRandom } from './random.ts';

/** The behavior of the upstream for the requests of a case. */
export type Behavior =
  | 'reply'
  | 'chunked'
  | 'empty'
  | 'not modified'
  | 'interim'
  | 'close'
  | 'early'
  | 'trailers'
  | 'large'
  | 'flaky';

/** What the client does when it has sent everything and no more bytes come back. */
export type Farewell = 'wait' | 'half-close' | 'reset';

/** One connection of a client, and everything the client sends on it. */
export interface FuzzCase {
  index: number;
  /** Written one after the other, each in a pass of the event loop of its own. */
  pieces: readonly Buffer[];
  /** The number of generated requests. Mutations may have changed it. */
  requests: number;
  /** The requests are well-formed and not mutated: all of them must succeed. */
  plain: boolean;
  behavior: Behavior;
  farewell: Farewell;
  /** The client waits for replies in flight. */
  patient: boolean;
}

const behaviors: readonly Behavior[] = [
  ...Array<Behavior>(8).fill('reply'),
  'chunked',
  'empty',
  'not modified',
  'interim',
  'close',
  'early',
  'trailers',
  'large',
  'flaky',
];

// Waiting takes as long as the limits of the mesh.
const farewells: readonly Farewell[] = [
  'wait',
  ...Array<Farewell>(8).fill('half-close'),
  ...Array<Farewell>(4).fill('reset'),
];

/** The case with this number. It depends on the seed and the number only. */
export function fuzzCase(seed: number, index: number): FuzzCase {
  const random = SeededRandom.ofCase(seed, index);
  const kind = random.next();
  const plain = kind < 0.15;
  const mutates = kind > 0.55;
  const oddness = plain ? 0 : random.pick(mutates ? [0, 0, 0.02, 0.05] : [0.02, 0.05, 0.05, 0.1, 0.3]);
  const requests = 1 + random.below(4);
  // One request is mutated, because bytes behind a refused request are not read.
  const victim = mutates ? random.below(requests) : -1;
  let text = '';
  for (let i = 0; i < requests; i += 1) {
    const one = request(random, oddness);
    text += i === victim ? mutated(one, random) : one;
  }
  const closes = plain || random.chance(0.8);
  if (closes) text += lastRequest();
  return {
    index,
    pieces: split(Buffer.from(text, 'latin1'), random),
    requests: requests + (closes ? 1 : 0),
    plain,
    behavior: random.pick(behaviors),
    patient: plain || random.chance(0.8),
    farewell: plain ? 'wait' : random.pick(farewells),
  };
}
