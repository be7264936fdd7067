/** Turns a story (what goes wrong when) into a run of peershift on a simulated cluster, and what it left behind. */

import type { Commanded } from '../../src/engine-command.ts';
import { resumePlan, rollbackPlan, runPlan } from '../../src/engine-run.ts';
import type { Ended } from '../../src/engine-types.ts';
import { dialMatrix } from '../../src/model/dial.ts';
import { type World, isUp } from '../../src/model/world.ts';
import { CONFIG_PATH, SimCluster } from './sim-cluster.ts';
import { type Life, type LifeOptions, SimState, lifeOf } from './sim-life.ts';
import { httpWorld } from './worlds.ts';

export interface Story {
  readonly sim: SimCluster;
  readonly state: SimState;
  readonly life: Life;
  /** Undefined when it was killed. */
  readonly ended: Ended | undefined;
}

/** A new run on a new cluster of three. */
export async function runStory(
  options: LifeOptions | ((sim: SimCluster) => LifeOptions) = {},
  world: World = httpWorld(3),
): Promise<Story> {
  const sim = new SimCluster(world);
  return liveOn(
    sim,
    new SimState(),
    runPlan,
    typeof options === 'function' ? options(sim) : options,
  );
}

/** Another life on what is there: what the next command finds. */
export async function resumed(story: Story, options: LifeOptions = {}): Promise<Story> {
  return liveOn(story.sim, story.state, resumePlan, options);
}

/** Another `run` with the same state folder. */
export async function begunAgain(story: Story, options: LifeOptions = {}): Promise<Story> {
  return liveOn(story.sim, story.state, runPlan, options);
}

export async function rolledBack(story: Story, options: LifeOptions = {}): Promise<Story> {
  return liveOn(story.sim, story.state, rollbackPlan, options);
}

async function liveOn(
  sim: SimCluster,
  state: SimState,
  command: (given: Commanded) => Promise<Ended>,
  options: LifeOptions,
): Promise<Story> {
  const life = lifeOf(sim, state, options);
  const ended = await life.run(command);
  return { sim, state, life, ended };
}

/** The settings, list and processes that a run leads to; the order of lines in a file aside. */
export function endOf({ sim }: Story): unknown {
  return {
    record: sim.world.record,
    members: sim.world.members.map(({ name, process, view }) => ({
      name,
      settings: (sim.member(name).host.textOf(CONFIG_PATH) ?? '').split('\n').sort(),
      tlsFiles: filesOf(sim, name),
      peer: process?.peer,
      view,
    })),
  };
}

/** The same, with config files byte for byte: what a way back must bring back. */
export function startOf(sim: SimCluster): unknown {
  return {
    record: sim.world.record,
    members: sim.world.members.map(({ name, process, view }) => ({
      name,
      config: sim.member(name).host.textOf(CONFIG_PATH),
      tlsFiles: filesOf(sim, name),
      peer: process?.peer,
      view,
    })),
  };
}

/** Every member up, and every ordered pair of them dialable. */
export function isWhole({ sim }: Story): boolean {
  const answers = [...dialMatrix(sim.world).values()];
  return sim.world.members.every(isUp) && answers.every(({ can }) => can === 'yes');
}

/** How the newest run ended, as its journal has it. */
export function outcomeOf({ state }: Story): string | undefined {
  const closed = state.entriesOf().findLast((entry) => entry.type === 'closed');
  return closed?.type === 'closed' ? closed.outcome : undefined;
}

export function reasonOf({ ended }: Story): string {
  return (ended?.failures ?? []).map(({ code, but }) => `${code}: ${but}`).join('; ');
}

/** The original that is kept beside a config file is no leftover. */
function filesOf(sim: SimCluster, name: string): readonly string[] {
  return [...sim.member(name).host.files.keys()].filter((path) => path.endsWith('.pem')).sort();
}
