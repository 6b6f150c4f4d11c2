import { describeMovingGroups } from '@banyan/kit/groups-testing';
import { kind } from './contract.ts';
import { startInstance } from './testing.ts';

describeMovingGroups({ kind, start: startInstance });
