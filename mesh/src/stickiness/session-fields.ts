import type { SessionPersistence } from '../config/model.ts';
import { headerValues } from '../headers.ts';
import { schemeIn } from '../policy/client.ts';
import { cookieValues, type Session, writeSession } from '../policy/session.ts';
import type { Reply } from '../reply.ts';

/** The maximum of session values that are read: a client can send any number. */
const valuesMax = 8;
/** A longer value is not a client's name. */
const valueCharsMax = 1024;

/** The session values of a request, from the cookie or the header. */
export function sessionValues(headers: readonly string[], { type, sessionName }: SessionPersistence): string[] {
  const values =
    type === 'Header' ? headerValues(headers, sessionName) : cookieValues(headerValues(headers, 'cookie'), sessionName);
  return values.slice(0, valuesMax).filter((value) => value.length <= valueCharsMax);
}

/** Whether the client used https. */
export function isSecure(headers: readonly string[]): boolean {
  return schemeIn(headers) === 'https';
}

/**
 * The renewed session of a client that holds `session`: seen now, if idleness ends sessions; null if the session stays
 * as it is.
 */
export function renewedSession(session: Session, nowS: number, { idleTimeoutMs }: SessionPersistence): Session | null {
  return idleTimeoutMs === 0 || session.seenAtS === nowS
    ? null
    : { ...session, seenAtS: Math.max(nowS, session.givenAtS) };
}

/** Adds the session to the reply. */
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
