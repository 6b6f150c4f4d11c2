import { main } from './service.ts';

await main(process.env);
