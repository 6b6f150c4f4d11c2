/** Settings that only the launcher knows, in the form of RabbitMQ's `advanced.config`: Erlang terms. */
export function advancedConfig({ port, user, password }: { port: number; user: string; password: string }): string {
  return `[
  {rabbit, [
    {tcp_listeners, [{"127.0.0.1", ${port}}]},
    {default_user, ${binary(user)}},
    {default_pass, ${binary(password)}},
    {loopback_users, []}
  ]}
].
`;
}

/** As bytes: no character of a password has a meaning there. */
const binary = (text: string) => `<<${[...Buffer.from(text)].join(',')}>>`;
