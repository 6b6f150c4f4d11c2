import { describeFactsOfGroups } from './facts-suite.ts';
import { describeFieldsOfGroups } from './fields-suite.ts';
import { describeMovingGroups } from './import-suite.ts';
import { describeGroupsService } from './service-suite.ts';

export { startOnFile, startOnMariadb } from './instances.ts';
export type { GroupsInstance, GroupsSubject } from './subject.ts';
export { describeFactsOfGroups, describeFieldsOfGroups, describeGroupsService, describeMovingGroups };
