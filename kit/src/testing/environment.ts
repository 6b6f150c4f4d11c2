/** Credentials of an instance at other services. */
export const credentials = { INTROSPECTION_CLIENT_ID: 'services', INTROSPECTION_CLIENT_SECRET: 'let me ask' };

/** The header by which another service shows these credentials to an instance. */
export const asPeer = `Basic ${Buffer.from(Object.values(credentials).join(':')).toString('base64')}`;

/** What the environment of every service has: any free port, the mesh, the public address, and its credentials. */
export const testEnvironment = (meshUrl: string): Record<string, string> => ({
  ...{ PORT: '0', MESH_URL: meshUrl, PUBLIC_URL: 'http://shop.test' },
  ...credentials,
});
