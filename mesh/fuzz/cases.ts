import { lastRequest, request } from './grammar.ts';
import { mutated, split } from './mutate.ts';
import { SeededRandom } from './random.ts';

/** What the upstream does with the requests of a case. */
export type Behaviour =
  | 'answer'
  | 'chunked'
  | 'empty'
  | 'not modified'
  | 'interim'
  | 'close'
  | 'early'
  | 'trailers'
  | 'large'
  | 'flaky';

/** What the client does when it has sent everything and nothing comes back any more. */
export type Farewell = 'wait' | 'half-close' | 'reset';

/** One connection of a client and everything it sends. */
export interface FuzzCase {
  index: number;
  /** Written one after the other, each in a turn of its own. */
  pieces: readonly Buffer[];
  /** Requests that were generated into it; mutations may have made more or fewer of them. */
  requests: number;
  /** Nothing in it is odd or mutated: all of it must be served. */
  plain: boolean;
  behaviour: Behaviour;
  farewell: Farewell;
  /** It waits for the answers that are under way. */
  patient: boolean;
}

const behaviours: readonly Behaviour[] = [
  ...Array<Behaviour>(8).fill('answer'),
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

// Waiting takes as long as the mesh's own limits.
const farewells: readonly Farewell[] = [
  'wait',
  ...Array<Farewell>(8).fill('half-close'),
  ...Array<Farewell>(4).fill('reset'),
];

/** The case with this number: the same for the same seed, whatever came before it. */
export function fuzzCase(seed: number, index: number): FuzzCase {
  const random = SeededRandom.ofCase(seed, index);
  const kind = random.next();
  const plain = kind < 0.15;
  const mutates = kind > 0.55;
  const oddness = plain ? 0 : random.pick(mutates ? [0, 0, 0.02, 0.05] : [0.02, 0.05, 0.05, 0.1, 0.3]);
  const requests = 1 + random.below(4);
  // One of them: what stands behind a request that is refused is not read.
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
    behaviour: random.pick(behaviours),
    patient: plain || random.chance(0.8),
    farewell: plain ? 'wait' : random.pick(farewells),
  };
}
