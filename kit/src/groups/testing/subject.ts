import type { FakeService } from '../../testing/fake-mesh.ts';
import type { GroupKind } from '../kind.ts';
import type { GroupStore } from '../store.ts';

/** A service of groups. */
export interface GroupsSubject {
  kind: GroupKind;
  /**
   * Starts an instance on an empty store of its own.
   *
   * @param env besides the addresses of its store and of the mesh
   */
  start(meshUrl: string, env?: Record<string, string>): Promise<GroupsInstance>;
}

/** A running instance. */
export interface GroupsInstance {
  service: {
    url: string;
    ready: Promise<void>;
    store: Pick<GroupStore, 'transaction' | 'linksOf' | 'forgetReplies'>;
    close(): Promise<void>;
  };
  /** Lines of its log. */
  lines: string[];
  /** The environment of another instance on the same store. */
  place: Record<string, string>;
  /** Absent where the store is in the process. */
  outage?: { begin(): Promise<void>; end(): Promise<void> };
  /** Also deletes the store. */
  close(): Promise<void>;
}

export const [adminToken, shopperToken] = ['a'.repeat(40), 'b'.repeat(40)];

/** Knows the two tokens. */
export const issuer: FakeService = ({ body }) => {
  const token = new URLSearchParams(body).get('token') ?? '';
  const identifier = { [adminToken]: 'client_credentials', [shopperToken]: 'implicit' }[token];
  const known = { active: true, client_id: 'tests', identifier, scope: '', exp: 2_147_483_647 };
  return { status: 200, body: identifier === undefined ? { active: false } : known };
};

export interface Replied {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a reply of the API
  body: any;
}

/** Requests of an administrator to a service, with JSON. */
export function callerOf(url: () => string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Replied> => {
    const reply = await fetch(url() + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, body: text === '' ? null : JSON.parse(text) };
  };
}
