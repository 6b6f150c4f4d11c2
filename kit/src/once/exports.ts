export { type CleaningUp, startCleanUp } from './clean-up.ts';
export { mariadbReplies, postgresReplies, sqliteReplies } from './engines.ts';
export { type KeptReplies, type KeptReply, keptForUs, requireSameBody } from './kept-reply.ts';
export { keyOf } from './key.ts';
export { type KeyedRequest, keyedRequest } from './keyed-request.ts';
export { redisReplies, replyUntilMs } from './redis.ts';
export { type Made, type OnceOptions, type OnceStore, replyOnce } from './reply-once.ts';
export { ReplyState, replyIn, replyStateOf } from './reply-state.ts';
export type { SqlReplies } from './sql.ts';
