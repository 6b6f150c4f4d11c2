import type { Target } from '../../drivers/request.ts';

/**
 * Asks twice for a token and looks at both: a comparison is fair only where each side signs a JWT of its own with ES256 for
 * each request.
 * @throws Error that says what came instead.
 */
export async function assertSigns(name: string, { url, requests: [request] }: Target): Promise<void> {
  if (request === undefined) throw new Error(`${name}: no request`);
  const { method, path, headers, body = null } = request;
  const tokens: string[] = [];
  for (let i = 0; i < 2; i += 1) {
    const response = await fetch(url + path, { method, headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} issues no token: ${response.status} ${text.slice(0, 300)}`);
    const { access_token: token } = JSON.parse(text) as { access_token?: string };
    const [head = ''] = token?.split('.') ?? [];
    const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString() || '{}') as { alg?: string };
    if (alg !== 'ES256') throw new Error(`${name} issues no JWT signed with ES256`);
    tokens.push(token ?? '');
  }
  if (tokens[0] === tokens[1]) throw new Error(`${name} replies with the same token twice`);
}
