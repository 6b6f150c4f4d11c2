import { allOnService, everySecondRequest } from './both-sides.ts';
import { fileCases } from './files.ts';
import { files } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('files', fileCases, {
  'the monolith alone': monolithAlone,
  'the files service': () => allOnService(files),
  'both in turn, while the monolith owns files': () => everySecondRequest(files, 'monolith'),
  'both in turn, while the service owns files': () => everySecondRequest(files, 'service'),
});
