import { type Clock, systemClock } from './clock.ts';
import { type Handler, type Layer, scopes } from './layer.ts';
import { observed } from './observing.ts';

/** A running stack, and its description. */
export interface Stack {
  readonly handle: Handler;
  /** The running layers themselves, outermost first. */
  readonly layers: readonly Layer[];
}

/**
 * Checks the order of `layers` (outermost first) and wraps them into one handler. Adjacent observers share one handler.
 *
 * @throws Error when the order is wrong, naming every fault: a duplicate name, a scope that opens again, a layer
 * outside one that it must stand inside
 */
export function assemble(layers: readonly Layer[], clock: Clock = systemClock): Stack {
  const faults = faultsOf(layers);
  if (faults.length > 0) throw new Error(`The layers are in a wrong order:\n${faults.map((f) => `- ${f}`).join('\n')}`);
  let handle: Handler = async () => {
    throw new Error('No layer has replied: the innermost layer of the stack must not call the next one.');
  };
  for (let i = layers.length - 1; i >= 0; i -= 1) {
    const innermost = i;
    while (layers[i]?.observer !== undefined && layers[i - 1]?.observer !== undefined) i -= 1;
    if (i === innermost) handle = (layers[i] as Layer).wrap(handle);
    else handle = observed(clock, observersIn(layers.slice(i, innermost + 1)), handle);
  }
  return { handle, layers };
}

function observersIn(layers: readonly Layer[]) {
  return layers.map(({ observer }) => observer).filter((observer) => observer !== undefined);
}

function faultsOf(layers: readonly Layer[]): string[] {
  const faults: string[] = [];
  const position = new Map<string, number>();
  let innermostScope = 0;
  for (const [index, layer] of layers.entries()) {
    if (position.has(layer.name)) faults.push(`"${layer.name}" is there twice`);
    position.set(layer.name, index);
    const scope = scopes.indexOf(layer.scope);
    if (scope < innermostScope) {
      faults.push(
        `"${layer.name}" runs per ${layer.scope}, but stands inside a layer that runs per ${scopes[innermostScope]}`,
      );
    }
    innermostScope = Math.max(innermostScope, scope);
  }
  for (const [index, layer] of layers.entries()) {
    for (const { name, reason } of layer.inside) {
      const outer = position.get(name);
      if (outer !== undefined && outer > index) faults.push(`"${layer.name}" must stand inside "${name}": ${reason}`);
    }
  }
  return faults;
}

/** The stack as `mesh explain` and the admin API show it. */
export interface StackDescription {
  name: string;
  scope: string;
  sentence: string;
  inside: { name: string; reason: string }[];
}

export function describeStack(stack: Stack): StackDescription[] {
  return stack.layers.map(({ name, scope, sentence, inside }) => ({ name, scope, sentence, inside }));
}
