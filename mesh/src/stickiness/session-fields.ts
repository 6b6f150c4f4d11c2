import type { SessionPersistence } from '../config/model.ts';
import { headerValues } from '../headers.ts';
import { schemeIn } from '../policy/client.ts';
import { cookieValues, type Session, writeSession } from '../policy/session.ts';
import type { Reply } from '../reply.ts';

/** Values of a session that are looked at: a client can send any number. */
const valuesMax = 8;
/** A longer value is no name of a client. */
const valueCharsMax = 1024;

/** What a request brings of a session: values of the cookie or the header. */
export function sessionValues(headers: readonly string[], { type, sessionName }: SessionPersistence): string[] {
  const values =
    type === 'Header' ? headerValues(headers, sessionName) : cookieValues(headerValues(headers, 'cookie'), sessionName);
  return values.slice(0, valuesMax).filter((value) => value.length <= valueCharsMax);
}

/** Whether the client has come by https. */
export function isSecure(headers: readonly string[]): boolean {
  return schemeIn(headers) === 'https';
}

/** The session as a client that holds `session` needs it next: seen now where idleness ends it; null where it stays as it is. */
export function renewedSession(session: Session, nowS: number, { idleTimeoutMs }: SessionPersistence): Session | null {
  return idleTimeoutMs === 0 || session.seenAtS === nowS
    ? null
    : { ...session, seenAtS: Math.max(nowS, session.givenAtS) };
}

/** Tells the client its session. */
export function giveSession(
  reply: Reply,
  { type, sessionName, lifetimeType, absoluteTimeoutMs }: SessionPersistence,
  session: Session,
  secure: boolean,
): void {
  const value = writeSession(session);
  if (type === 'Header') {
    reply.headers.push(sessionName, value);
    return;
  }
  const leftS = Math.max(1, Math.ceil(absoluteTimeoutMs / 1000) - (session.seenAtS - session.givenAtS));
  const age = lifetimeType === 'Permanent' ? `; Max-Age=${leftS}` : '';
  const cookie = `${sessionName}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  reply.headers.push('set-cookie', cookie);
}
