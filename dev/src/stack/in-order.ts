/**
 * Visits each service once. `visit` gets a function that visits another service first, or waits for that visit when it
 * is under way. The services must have no circle.
 */
export async function inOrder<T>(
  services: readonly { name: string }[],
  visit: (name: string, first: (name: string) => Promise<T>) => Promise<T>,
): Promise<void> {
  const visits = new Map<string, Promise<T>>();
  const once = (name: string): Promise<T> => {
    const begun = visits.get(name) ?? visit(name, once);
    visits.set(name, begun);
    return begun;
  };
  await Promise.all(services.map(({ name }) => once(name)));
}
