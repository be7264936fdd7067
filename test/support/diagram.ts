/** Turns the statechart of a run into a mermaid diagram: states, and transitions with their guards. */

import { runMachine } from '../../src/run/machine.ts';

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

type Node = (typeof runMachine.root.states)[string];
type Transitions = ReturnType<Node['transitions']['get']>;

/** What an actor can answer; a guard without a name is read by what it lets pass. */
const ANSWERS = ['good', 'moved', 'bad'] as const;

export function machineDiagram(): string {
  const states = Object.values(runMachine.root.states);
  const first = runMachine.root.initial.target.map(keyOf).join('');
  const said = states.flatMap(({ key, description }) =>
    description === undefined ? [] : [`  ${key}: ${key} · ${description.replaceAll(':', ',')}`],
  );
  const edges = states.flatMap((state) => [...edgesOf(state, state.always), ...eventEdges(state)]);
  const ends = states.filter(({ type }) => type === 'final').map(({ key }) => `  ${key} --> [*]`);
  return [
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...said,
    ...edges.map(({ from, to, label }) => `  ${from} --> ${to}${label && `: ${label}`}`),
    ...ends,
  ].join('\n');
}

function eventEdges(state: Node): readonly Edge[] {
  return [...state.transitions].flatMap(([event, transitions]) => {
    const asked = event.startsWith('xstate.done.actor') ? '' : `${event} `;
    return edgesOf(state, transitions, asked);
  });
}

/** A transition that leads nowhere else only remembers something, and is not drawn. */
function edgesOf(state: Node, transitions: Transitions, asked = ''): readonly Edge[] {
  const each = (transitions ?? []).flatMap(({ target, guard }, index) =>
    (target ?? []).map((to) => {
      const label = guard === undefined ? (index > 0 ? 'otherwise' : '') : guardText(guard);
      return { from: state.key, to: keyOf(to), label: `${asked}${label}`.trim() };
    }),
  );
  return each.reduce<readonly Edge[]>(joined, []);
}

/** Guards are asked in order: those that follow each other and lead to one state are one arrow. */
function joined(edges: readonly Edge[], next: Edge): readonly Edge[] {
  const last = edges.at(-1);
  if (last?.to !== next.to) return [...edges, next];
  return [...edges.slice(0, -1), { ...last, label: `${last.label} or ${next.label}` }];
}

function guardText(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard !== 'function') throw new Error('a guard is a name or a function');
  const ask = guard as (given: unknown) => boolean;
  const passes = ANSWERS.filter((kind) => ask({ event: { output: { kind } } }));
  return `answer is ${passes.join(' or ')}`;
}

function keyOf({ key }: { readonly key: string }): string {
  return key;
}
