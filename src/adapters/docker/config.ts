/** Turns the definition of a container into a MemberConfig: an edit makes the next container beside it. */

import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import {
  type SettingChange,
  type Settings,
  environmentName,
  withChanges,
} from '../../model/settings.ts';
import type { Answer, ConfigFile, ConfigWrite, MemberConfig } from '../../ports.ts';
import { definitionOf } from './build.ts';
import type { Container } from './container.ts';
import { type Definition, digestOf, textOf } from './definition.ts';
import { mergedSettings, settingsIn, withSettings } from './edit.ts';
import { type Engine, ask } from './engine.ts';
import {
  type Family,
  lookAt,
  nameOf,
  nextOf,
  remove,
  rename,
  setRestart,
  waiting,
} from './family.ts';
import { differences } from './likeness.ts';
import { composedBy } from './owners.ts';
import { restartTrouble } from './podman-boot.ts';

interface Place {
  readonly engine: Engine;
  readonly name: string;
  /** By digest: what `edited` makes its texts from. */
  readonly seen: Map<string, Definition>;
}

/**
 * Reads what the next start will run. `write` creates the next container, holds it against the one before
 * (whatever else differs is refused by name and the new one removed), and starts nothing: the service
 * does. The kept original is the container itself, which `restore` lets wait for the next start.
 */
export function containerConfig(engine: Engine, name: string): MemberConfig {
  const place: Place = { engine, name, seen: new Map() };
  return {
    read: async () => {
      const read = await readNext(place);
      return read.ok ? ok(read.value.file) : read;
    },
    edited: (file, changes) => edited(place, file, changes),
    write: async (change) => await write(place, change),
    restore: async (backup, expectDigest) => await restore(place, backup, expectDigest),
  };
}

interface Read {
  readonly family: Family;
  readonly container: Container;
  readonly definition: Definition;
  readonly file: ConfigFile;
}

async function readNext(place: Place): Answer<Read> {
  const { engine, name, seen } = place;
  const family = await lookAt(engine, name);
  if (!family.ok) return family;
  const container = nextOf(family.value);
  if (container === undefined) return err(gone(place, 'there is none'));
  const made = await definitionOf(engine, container);
  if (!made.ok) return made;
  const definition = { ...made.value, name };
  const digest = digestOf(definition);
  seen.set(digest, definition);
  const boot = await restartTrouble(engine, container);
  const file = fileOf(place, { container, definition, digest });
  const { current } = family.value;
  const isMade = waiting(family.value)?.role === 'next' && current !== undefined;
  const apart = isMade ? differences(current, container) : [];
  const unlike = apart.map(
    (what) => `${container.name}, made for the next start, differs in ${what}`,
  );
  const problems = [...file.problems, ...boot, ...unlike];
  return ok({ family: family.value, container, definition, file: { ...file, problems } });
}

interface Found {
  readonly container: Container;
  readonly definition: Definition;
  readonly digest: string;
}

function fileOf({ engine, name }: Place, { container, definition, digest }: Found): ConfigFile {
  const own = settingsIn(definition, container.environment);
  const { flags, variables } = own.ok ? own.value : { flags: {}, variables: {} };
  const places = {
    ...Object.fromEntries(
      Object.keys(variables).map((flag) => [flag, `${environmentName(flag)} of ${name}`]),
    ),
    ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, `--${flag} of ${name}`])),
  };
  const owner = composedBy(container);
  return {
    path: name,
    settings: mergedSettings({ flags, variables }),
    digest,
    text: textOf(definition, engine.binary),
    places,
    variables: Object.keys(variables),
    ...(owner === undefined ? {} : { managedBy: owner }),
    problems: [...definition.problems, ...(own.ok ? [] : [`its command line: ${own.error}`])],
  };
}

function edited(
  place: Place,
  file: ConfigFile,
  changes: readonly SettingChange[],
): Result<string, Failure> {
  const definition = place.seen.get(file.digest);
  const [problem = 'it has not been read'] = file.problems;
  if (definition === undefined || file.problems.length > 0) return err(unfit(place, problem));
  // A file that was edited before carries its settings, and still the digest of what was read.
  const now = settingsIn(definition, definition.environment);
  const before = now.ok ? mergedSettings(now.value) : {};
  const next = withSettings(definition, changesTo(before, withChanges(file.settings, changes)));
  return next.ok ? ok(textOf(next.value, place.engine.binary)) : err(unfit(place, next.error));
}

function changesTo(from: Settings, to: Settings): readonly SettingChange[] {
  const flags = new Set([...Object.keys(to), ...Object.keys(from)]);
  return [...flags].flatMap((flag) =>
    from[flag] === to[flag] ? [] : [{ flag, from: from[flag], to: to[flag] }],
  );
}

async function write(
  place: Place,
  { changes, expectDigest, backupSuffix: run }: ConfigWrite,
): Answer<{ readonly digest: string; readonly backupPath: string }> {
  const { engine, name } = place;
  const read = await readNext(place);
  if (!read.ok) return read;
  const { family, container, definition, file } = read.value;
  if (file.digest !== expectDigest) return err(changedMeanwhile(place, file.digest, expectDigest));
  const [problem] = file.problems;
  if (problem !== undefined) return err(unfit(place, problem));
  const next = withSettings(definition, changes);
  if (!next.ok) return err(unfit(place, next.error));
  const cleared = await clearSlot(place, family);
  if (!cleared.ok) return cleared;
  const made = await create(engine, { ...next.value, name: nameOf(name, run, 'next') });
  if (!made.ok) return made;
  const again = await readNext(place);
  if (!again.ok) return again;
  const missed = changes.filter(({ flag, to }) => again.value.file.settings[flag] !== to);
  const apart = [
    ...differences(container, again.value.container),
    ...missed.map(({ flag }) => `the setting ${flag}`),
  ];
  if (apart.length > 0) {
    const taken = await remove(engine, nameOf(name, run, 'next'));
    return taken.ok ? err(notAlike(place, apart)) : taken;
  }
  return ok({ digest: again.value.file.digest, backupPath: nameOf(name, run, 'kept') });
}

/** Nothing that waits may be left: the one that is made now is to be the next. */
async function clearSlot({ engine, name }: Place, { relatives }: Family): Answer<undefined> {
  for (const { role, run, container } of relatives) {
    if (role === 'kept' || role === 'old') continue;
    const done =
      role === 'back'
        ? await rename(engine, container.name, nameOf(name, run, 'kept'))
        : await remove(engine, container.name);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** Values of variables go through standard input with Docker; podman has to keep its own words. */
async function create(engine: Engine, definition: Definition): Answer<string> {
  const { name, options, environment, image, words, keepsOwnWords } = definition;
  const flat = options.flat();
  const inArgv = keepsOwnWords ? environment.flatMap((pair) => ['--env', pair]) : [];
  const viaStdin = !keepsOwnWords && environment.length > 0;
  const file = viaStdin ? ['--env-file', '/dev/stdin'] : [];
  const argv = ['create', '--name', name, ...flat, ...inArgv, ...file, image, ...words];
  const stdin = viaStdin ? { stdin: `${environment.join('\n')}\n` } : {};
  return await ask(engine, argv, stdin);
}

async function restore(
  place: Place,
  backup: string,
  expectDigest: string,
): Answer<{ readonly digest: string }> {
  const { engine, name } = place;
  const read = await readNext(place);
  if (!read.ok) return read;
  const { family, container, file } = read.value;
  const kept = family.relatives.find((each) => each.container.name === backup);
  if (kept?.role !== 'kept') return await withoutNext(place, read.value, backup);
  if (file.digest !== expectDigest) return err(changedMeanwhile(place, file.digest, expectDigest));
  const cleared = await clearSlot(place, family);
  if (!cleared.ok) return cleared;
  const policy = await setRestart(engine, kept.container, container.restartPolicy);
  if (!policy.ok) return policy;
  const waits = await rename(engine, backup, nameOf(name, kept.run, 'back'));
  if (!waits.ok) return waits;
  const again = await readNext(place);
  return again.ok ? ok({ digest: again.value.file.digest }) : again;
}

/** The original was never put aside, or waits already: only what was made to follow it is taken away. */
async function withoutNext(
  place: Place,
  { family, file }: Read,
  backup: string,
): Answer<{ readonly digest: string }> {
  const slot = waiting(family);
  if (slot?.role === 'back') return ok({ digest: file.digest });
  if (slot === undefined || family.current === undefined) {
    return err(gone(place, `${backup} is not there any more`));
  }
  const cleared = await clearSlot(place, family);
  if (!cleared.ok) return cleared;
  const again = await readNext(place);
  return again.ok ? ok({ digest: again.value.file.digest }) : again;
}

function unfit({ engine, name }: Place, but: string): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `container ${name} on ${engine.host.label}`,
    would: 'make the container that follows it',
    but,
    so: 'the container was left as it is',
    remedy: `replace ${name} by hand with one that does without it, then run peershift again`,
  };
}

function notAlike({ engine, name }: Place, apart: readonly string[]): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `container ${name} on ${engine.host.label}`,
    would: 'make a container that differs from it in etcd settings alone',
    but: `${engine.binary} made one that differs in ${apart.join(', ')}`,
    so: 'it was removed again, never started; the old container is untouched',
    remedy: `compare ${engine.binary} inspect ${name} with the command in the preview, and replace it by hand once`,
  };
}

function gone({ engine, name }: Place, but: string): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `container ${name} on ${engine.host.label}`,
    would: 'put the original container back',
    but,
    so: 'what it was is not known any more; nothing was changed',
    remedy: `${engine.binary} ps -a shows what is there; run the original again by hand`,
  };
}

function changedMeanwhile({ engine, name }: Place, found: string, wanted: string): Failure {
  return {
    code: 'CONFIG_CHANGED',
    where: `container ${name} on ${engine.host.label}`,
    would: 'make the container that follows it',
    but: `its definition is ${found.slice(0, 12)}..., not ${wanted.slice(0, 12)}... as when it was last seen`,
    so: 'somebody else has made it anew; it was left as it is now',
    remedy: 'find out who (compose, a script?), pause that, then run peershift again',
  };
}
