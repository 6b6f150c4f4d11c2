import { describeFieldsOfGroups, describeGroupsService } from '@banyan/kit/groups-testing';
import { kind } from './contract.ts';
import { startInstance } from './testing.ts';

describeGroupsService({ kind, start: startInstance, isEmbedded: true });
describeFieldsOfGroups({ kind, start: startInstance });
