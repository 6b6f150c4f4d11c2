import type { MeshReply, MeshRequest } from '../mesh/client.ts';
import { Asking } from './asking.ts';

export type Replying = (request: MeshRequest) => { status?: number; body: unknown } | Promise<never>;

/** A mesh that records requests and replies as a test says. */
export function replying(reply: Replying) {
  const requests: MeshRequest[] = [];
  const mesh = {
    send: async (request: MeshRequest): Promise<MeshReply> => {
      requests.push(request);
      const { status = 200, body } = await reply(request);
      return { status, text: typeof body === 'string' ? body : JSON.stringify(body), retryable: true };
    },
  };
  return { requests, mesh, asking: new Asking({ mesh, credentials: { id: 'things', secret: 'let me ask' } }) };
}
