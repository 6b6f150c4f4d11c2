import { allOnService, everySecondRequest } from './both-sides.ts';
import { settings } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { settingCases } from './settings.ts';
import { monolithAlone } from './sides.ts';

describeContract('settings', settingCases, {
  'the monolith alone': monolithAlone,
  'the settings service': () => allOnService(settings),
  'both in turn, while the monolith owns settings': () => everySecondRequest(settings, 'monolith'),
  'both in turn, while the service owns settings': () => everySecondRequest(settings, 'service'),
});
