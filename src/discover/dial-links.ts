/** Turns ordered pairs into dials from the dialing member's host with its own files, for gates that can read no metrics. */

import { present } from '../base/assert.ts';
import { dial } from '../model/dial.ts';
import type { DialEvidence } from '../model/link-cell.ts';
import { type PeerUrl, isHttps } from '../model/url.ts';
import { type MemberWorld, isUp } from '../model/world.ts';
import type { PeerDialer } from '../ports.ts';
import { mapBounded } from './bounded.ts';
import { readLinkFiles } from './link-files.ts';
import type { VerifyInput } from './verify-links.ts';
import { UNDECIDED, verdictOfDial } from './verify-pair.ts';

/** As many as `verify` makes. */
const DIALS_AT_ONCE = 8;

type Dialed = Omit<DialEvidence, 'atMs'>;

/**
 * A dial counts only when the process was seen to carry what it is made with: the state's settings are those of
 * its command line and environment, its pool is known only while the CA file is older than the process, and
 * what the model does not say is good is not dialed at all. Nothing is written anywhere.
 */
export async function dialLinks(
  input: VerifyInput,
  pairs: readonly string[],
): Promise<ReadonlyMap<string, Dialed>> {
  const dials = await mapBounded(pairs, DIALS_AT_ONCE, async (pair) => {
    const [from, to] = pair.split('>').map((name) => {
      return input.world.members.find((member) => member.name === name);
    });
    if (from === undefined || to === undefined) return [];
    return [[pair, await dialed(input, from, to)] as const];
  });
  return new Map(dials.flat());
}

async function dialed(input: VerifyInput, from: MemberWorld, to: MemberWorld): Promise<Dialed> {
  const { world, doors, isHere } = input;
  const down = [from, to].find((member) => !isUp(member));
  if (down !== undefined) return undecided(`${down.name} does not run`);
  const answer = dial(world, from, to);
  if (answer.can !== 'yes') return undecided(`no dial is made: ${answer.because}`);
  const { host, dialer } = present(doors.get(from.name), `the doors of ${from.name}`);
  if (dialer === undefined && !isHere(from.name)) {
    return undecided(`${from.name} runs on ${host.label}: its dials cannot be made from here`);
  }
  // A URL that the model says is refused is not dialed; of the others each must answer.
  const urls = (from.view[to.name] ?? []).filter((url) => {
    return dial(world, { ...from, view: { [to.name]: [url] } }, to).can === 'yes';
  });
  const ends = await Promise.all(
    urls.map((url) => dialedAt(input, { from, to, url, dialer: dialer ?? input.dialer })),
  );
  const worst = ends.find(({ result }) => result === 'refused');
  const because = ends.map((end) => end.because).join('; ');
  return (
    worst ?? ends.find(({ result }) => result === 'undecided') ?? { result: 'answered', because }
  );
}

interface DialInput {
  readonly from: MemberWorld;
  readonly to: MemberWorld;
  readonly url: PeerUrl;
  readonly dialer: PeerDialer;
}

async function dialedAt(input: VerifyInput, at: DialInput): Promise<Dialed> {
  const { from, to, url, dialer } = at;
  const by = `a dial from the host of ${from.name}`;
  if (!isHttps(url)) return plainly(at, by);
  const files = await filesOf(input, from);
  if (!files.ok) return undecided(files.error);
  const verdict = await verdictOfDial({ to, dialer }, files.value, url);
  const because = `${by} with its own leaf: ${verdict.because}`;
  if (verdict.result === 'proven') return { result: 'answered', because };
  return { result: verdict.result === 'broken' ? 'refused' : 'undecided', because };
}

async function plainly({ url, dialer }: DialInput, by: string): Promise<Dialed> {
  const page = await dialer.get({ url }, undefined, '/version');
  if (page.ok && page.value.statusCode === 200) {
    return { result: 'answered', because: `${by}: ${url}: etcd answers` };
  }
  if (page.ok) return undecided(`${by}: ${url} answers ${String(page.value.statusCode)}`);
  const { kind, because } = page.error;
  return {
    result: UNDECIDED.has(kind) ? 'undecided' : 'refused',
    because: `${by}: ${url}: ${because}`,
  };
}

async function filesOf(
  { state, doors, keysStay, isHere }: VerifyInput,
  { name, process }: MemberWorld,
): Promise<Awaited<ReturnType<typeof readLinkFiles>>['all']> {
  const observed = present(
    state.members.find((member) => member.name === name),
    `the observed member ${name}`,
  );
  const { host } = present(doors.get(name), `the doors of ${name}`);
  const running = present(process, `the process of ${name}`);
  const isKept = keysStay === true && !isHere(name);
  return (await readLinkFiles(host, observed, running, isKept)).all;
}

function undecided(because: string): Dialed {
  return { result: 'undecided', because };
}
