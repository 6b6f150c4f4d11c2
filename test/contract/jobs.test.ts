import { allOnService, everySecondRequest } from './both-sides.ts';
import { jobCases } from './jobs.ts';
import { jobs } from './moved-services.ts';
import { describeContract } from './runner.ts';
import { monolithAlone } from './sides.ts';

describeContract('jobs', jobCases, {
  'the monolith alone': monolithAlone,
  'the jobs service': () => allOnService(jobs),
  'both in turn, while the monolith owns jobs': () => everySecondRequest(jobs, 'monolith'),
  'both in turn, while the service owns jobs': () => everySecondRequest(jobs, 'service'),
});
