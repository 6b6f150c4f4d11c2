import { describeFactsOfGroups } from '@banyan/kit/groups-testing';
import { kind } from './contract.ts';
import { startInstance } from './testing.ts';

describeFactsOfGroups({ kind, start: startInstance });
