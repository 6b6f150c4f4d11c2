export { type HashLimits, type Machine, slowHashLimits, thisMachine } from './hash-limits.ts';
export { limitsOf, slowHashSettings, withSlowHashLimits } from './settings.ts';
export {
  formatSlowHash,
  isUsableSlowHash,
  parseSlowHash,
  type SlowHash,
  type SlowParameters,
  sameHash,
} from './slow-hash.ts';
export { type SlowFunction, SlowHasher, scryptOffLoop } from './slow-hasher.ts';
