// The health check of every container: exit code 0 when the URL replies with 2xx. Plain node:http starts faster than fetch.
//   node healthcheck.mjs URL [VARIABLE]      VARIABLE: holds a token that the URL asks for
import { get } from 'node:http';

const fail = (why) => {
  console.error(why);
  process.exit(1);
};
const [url, variable] = process.argv.slice(2);
const token = variable && process.env[variable];
const headers = token ? { authorization: `Bearer ${token}` } : {};
const request = get(url, { headers, timeout: 8_000 }, (response) => {
  response.resume();
  if (response.statusCode >= 200 && response.statusCode < 300) response.on('end', () => process.exit(0));
  else fail(`status ${response.statusCode}`);
});
request.on('timeout', () => fail('no reply within 8 s'));
request.on('error', (error) => fail(error.message));
