/**
 * Goal: a cluster that somebody changes by hand between a death and the next command is planned from as it
 * is, or left alone with the reason. Method: the real engine on a simulated cluster, dead at moments spread
 * over the run; then one change by hand each; then `resume` and `rollback`.
 */

import { describe, expect, it } from 'vitest';
import { CONFIG_PATH, SimCluster } from '../support/sim-cluster.ts';
import {
  type Story,
  endOf,
  isWhole,
  outcomeOf,
  reasonOf,
  resumed,
  rolledBack,
  runStory,
  startOf,
} from '../support/sim-runs.ts';
import { TLS_PATHS, httpWorld, peerUrl } from '../support/worlds.ts';

const TUNED = 'ETCD_HEARTBEAT_INTERVAL=150\n';
/** Acts between two deaths; no divisor of the length of a group, so that all kinds of moments are met. */
const STRIDE = 13;
/** Everything before is the preparation. */
const FIRST = 20;

interface Hand {
  readonly what: string;
  readonly does: (sim: SimCluster) => Promise<unknown> | undefined;
  /** What a refusal may say. */
  readonly refused: RegExp;
}

const HANDS: readonly Hand[] = [
  {
    what: 'another member leads',
    does: async (sim) => {
      await Promise.resolve();
      sim.lead([...sim.majority].sort().at(-1) ?? '');
    },
    refused: /^$/u,
  },
  {
    what: 'm3 is advertised on https',
    does: async (sim) => advertise(sim, 'm3', 'https://10.0.0.3:2380'),
    refused: /cut: m2 and m3 \(m3 is advertised at https:\S+ and speaks plain http/u,
  },
  {
    what: 'm2 is advertised on http',
    does: async (sim) => advertise(sim, 'm2', 'http://10.0.0.2:2380'),
    refused: /^$/u,
  },
  {
    what: 'm3 is advertised on another port',
    does: async (sim) => advertise(sim, 'm3', 'http://10.0.0.3:2390'),
    refused: /m3 is advertised at https?:\/\/10\.0\.0\.3:2390 and listens on \S+:2380/u,
  },
  {
    what: 'm2 has a setting of its own',
    does: async (sim) => edited(sim, (text) => `${text}${TUNED}`),
    refused: /^$/u,
  },
  {
    what: 'm2 is to listen on another port',
    does: async (sim) => edited(sim, (text) => text.replace(':2380', ':2399')),
    refused:
      /listen-peer-urls \S+:2399, the process runs|m2 is \S+ \S+ \S+ and listens on \S+:2399/u,
  },
  {
    what: 'a CA file of m2 is gone',
    does: async (sim) => Promise.resolve(sim.member('m2').host.files.delete(TLS_PATHS.ca)),
    refused: /open \S+ca\.pem: no such file|unknown is which CA m2 has loaded: \S+ca\.pem/u,
  },
  {
    what: 'm2 was restarted',
    does: async (sim) => {
      await sim.member('m2').service.stop();
      await sim.member('m2').service.start();
    },
    refused: /^$/u,
  },
  {
    what: 'm3 was stopped',
    does: (sim) => sim.member('m3').service.stop(),
    refused: /MEMBER_DOWN: m3 is down|NO_QUORUM: 1 of 3 members run/u,
  },
];

const start = startOf(new SimCluster(httpWorld(3)));
const straight = await runStory();
const end = endOf(straight);
const acts = straight.life.acts;
const moments = acts.flatMap((act, index) =>
  index >= FIRST && (index - FIRST) % STRIDE === 0 ? [{ act, index }] : [],
);

describe.each(HANDS)('$what', (hand) => {
  it.each(moments)('after a death before act $index, $act: on, or refused', async ({ index }) => {
    const story = await changedBetween(hand, index);
    const before = startOf(story.sim);
    const on = await resumed(story);
    if (on.ended?.exit !== 0) {
      expectRefused(on, before, hand);
      return;
    }
    expect(outcomeOf(on)).toBe('done');
    expect(isWhole(on)).toBe(true);
    const isTuned = takenAway(on.sim);
    expect(isTuned).toBe(hand.what.includes('of its own'));
    expect(endOf(on)).toEqual(end);
  });

  it.each(moments)('after a death before act $index, $act: back, or refused', async ({ index }) => {
    const story = await changedBetween(hand, index);
    const before = startOf(story.sim);
    const back = await rolledBack(story);
    if (back.ended?.exit !== 0) {
      expectRefused(back, before, hand);
      return;
    }
    expect(outcomeOf(back)).toBe('rolled-back');
    expect(isWhole(back)).toBe(true);
    const isEdited = takenAway(back.sim);
    expect(isEdited).toBe(hand.what.includes('of its own'));
    expect(sorted(startOf(back.sim))).toEqual(sorted(start));
  });
});

async function changedBetween({ does }: Hand, index: number): Promise<Story> {
  const story = await runStory({ onAct: (_act, at) => (at === index ? 'die' : 'go on') });
  await does(story.sim);
  return story;
}

/** With its reason, and nothing was changed. */
function expectRefused(story: Story, before: unknown, { refused }: Hand): void {
  expect(story.ended?.exit).toBe(3);
  expect(reasonOf(story)).toMatch(refused);
  expect(startOf(story.sim)).toEqual(before);
}

async function advertise(sim: SimCluster, name: string, url: string): Promise<void> {
  await Promise.resolve();
  sim.update(name, [peerUrl(url)]);
}

async function edited(sim: SimCluster, change: (text: string) => string): Promise<void> {
  await Promise.resolve();
  const { host } = sim.member('m2');
  host.put(CONFIG_PATH, change(host.textOf(CONFIG_PATH) ?? ''));
}

/** Whether somebody's line still stands there; it is taken away, so that the rest can be compared. */
function takenAway(sim: SimCluster): boolean {
  const { host } = sim.member('m2');
  const text = host.textOf(CONFIG_PATH) ?? '';
  host.put(CONFIG_PATH, text.replace(TUNED, ''));
  return text.includes(TUNED);
}

/** Of a file that somebody else has changed too, our own settings are reverted one by one: their order may differ. */
function sorted(state: unknown): unknown {
  const { members, ...rest } = state as {
    readonly members: readonly { readonly config: string }[];
  };
  const ordered = members.map((member) => {
    return { ...member, config: member.config.split('\n').sort() };
  });
  return { ...rest, members: ordered };
}
