/** Turns the flags in a service's ExecStart= into settings, and writes them as a drop-in of our own. */

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import { flagsOf, settingsOf } from '../../model/flag-words.ts';
import { type SettingChange, withChanges } from '../../model/settings.ts';
import type { Answer, ConfigFile, ConfigWrite, Host, MemberConfig } from '../../ports.ts';
import { editExec, wordsBeforeArguments } from './exec-flags.ts';
import type { TextFile } from './unit-effect.ts';
import { parseUnitLines } from './unit-lines.ts';
import { type UnitView, compareNames, daemonReload, unitName, viewUnit } from './unit-view.ts';
import { parseExec } from './unit-words.ts';

/** Names for a drop-in that has to be read behind all others, tried in this order. */
const STEMS = ['50-peershift', 'zz-peershift', 'zzzz-peershift', '~peershift'] as const;

interface Place {
  readonly host: Host;
  readonly unit: string;
  /** From the plan file. */
  readonly path: string;
}

/**
 * Reads every file that decides the command line; the digest is of all of them. Writes one drop-in, read
 * behind all others, that sets ExecStart= anew, and lets systemd read it; a packaged unit is never edited.
 * The kept original of a drop-in that was not there before is an empty file, and `restore` of that takes
 * ours away.
 */
export function unitFlagsConfig(host: Host, unit: string, path: string): MemberConfig {
  const place: Place = { host, unit: unitName(unit), path };
  return {
    read: async () => {
      const seen = await look(place);
      return seen.ok ? ok(configOf(place, seen.value)) : seen;
    },
    edited: (file, changes) => edited(place, file, changes),
    write: async (write) => await writeDropIn(place, write),
    restore: async (backupPath, expectDigest) => await restore(place, backupPath, expectDigest),
  };
}

interface Seen {
  readonly view: UnitView;
  /** Ours: the one that is there, or the name for a new one. */
  readonly dropIn: string;
  readonly own: TextFile | undefined;
}

async function look(place: Place): Answer<Seen> {
  const view = await viewUnit(place.host, place.unit, place.path);
  if (!view.ok) return view;
  const { files } = view.value;
  const names = namesFor(place.path);
  const own = files.find(({ path }) => names.includes(path));
  const others = files.slice(1).filter((file) => file !== own);
  const free = names.find((name) => others.every(({ path }) => compareNames(path, name) < 0));
  return ok({ view: view.value, dropIn: own?.path ?? free ?? place.path, own });
}

/** Another path than the usual one was chosen by a person, and stays. */
function namesFor(path: string): readonly string[] {
  if (!path.endsWith(`/${STEMS[0]}.conf`)) return [path];
  const folder = path.slice(0, path.lastIndexOf('/'));
  return STEMS.map((stem) => `${folder}/${stem}.conf`);
}

function configOf(place: Place, { view, dropIn, own }: Seen): ConfigFile {
  const { effect, digest, files } = view;
  const { settings, places, exec } = effect;
  const behind = files.slice(1).filter(({ path, text }) => {
    return path !== dropIn && compareNames(path, dropIn) > 0 && setsExec(text);
  });
  const problems = [
    ...effect.problems,
    ...(own === undefined ? [] : ownProblems(own)),
    ...behind.map(({ path }) => `${path} is read behind ${dropIn} and sets ExecStart= again`),
    ...(dropIn.startsWith('/etc/systemd/system/') && dropIn.includes(`/${place.unit}.d/`)
      ? []
      : [
          `config.path is ${dropIn}, and a drop-in of ${place.unit} lies in /etc/systemd/system/${place.unit}.d/`,
        ]),
  ];
  // What the drop-in would say without any change is what an edit begins with.
  const text = own?.text ?? dropInText(place.unit, exec?.value ?? '');
  return { path: dropIn, settings, places, digest, text, problems, elsewhere: effect.variables };
}

function setsExec(text: string): boolean {
  return parseUnitLines(text).assignments.some(({ key }) => key === 'ExecStart');
}

/** Ours holds a reset and one line; anything else in it is somebody's own work. */
function ownProblems({ path, text }: TextFile): readonly string[] {
  const values = execValues(text);
  const isOurs = values.length === 2 && values[0] === '' && !/\\\r?\n/.test(text);
  return isOurs ? [] : [`${path} is not as peershift writes it: take it away, or merge it by hand`];
}

function execValues(text: string): readonly string[] {
  const { assignments } = parseUnitLines(text);
  return assignments.filter(({ key }) => key === 'ExecStart').map(({ value }) => value);
}

function dropInText(unit: string, exec: string): string {
  return `# Written by peershift: the command line of ${unit} with other peer settings.
# peershift rollback takes this file away; without it the unit is as it was packaged.
[Service]
ExecStart=
ExecStart=${exec}
`;
}

function edited(
  { host }: Place,
  file: ConfigFile,
  changes: readonly SettingChange[],
): Result<string, Failure> {
  const [problem] = file.problems;
  const text = problem === undefined ? editedText(file.text, changes) : err(problem);
  if (text.ok) return text;
  return err({
    code: 'CONFIG_UNREADABLE',
    where: `${file.path} on ${host.label}`,
    would: `change ${changes.map(({ flag }) => `--${flag}`).join(', ')}`,
    but: text.error,
    so: 'the unit and its drop-ins were left alone',
    remedy: 'correct that by hand, then run peershift again',
  });
}

function editedText(text: string, changes: readonly SettingChange[]): Result<string, string> {
  const before = execValues(text).at(-1) ?? '';
  const after = editExec(before, changes);
  if (!after.ok) return after;
  const at = text.lastIndexOf(`ExecStart=${before}`);
  if (at < 0) return err('its last ExecStart= is not on one line');
  const start = at + 'ExecStart='.length;
  const whole = text.slice(0, start) + after.value + text.slice(start + before.length);
  return isWanted(before, after.value, changes)
    ? ok(whole)
    : err('an edit would change other flags');
}

/** The border is checked twice: what was written is read, and must be what was asked for. */
function isWanted(before: string, after: string, changes: readonly SettingChange[]): boolean {
  const [then, now] = [before, after].map(rawSettings);
  if (then === undefined || now === undefined) {
    // A word such as $OPTIONS hides arguments: then what was asked for is all that can be compared.
    return changes.every(({ to }) => to === undefined || after.includes(to.replaceAll('%', '%%')));
  }
  const wanted = withChanges(then, changes);
  return [...new Set([...Object.keys(wanted), ...Object.keys(now)])].every((flag) => {
    return (
      wanted[flag] === now[flag]?.replaceAll('%%', '%').replaceAll('$$', '$') ||
      then[flag] === now[flag]
    );
  });
}

function rawSettings(value: string): Record<string, string> | undefined {
  const exec = parseExec(value);
  if (exec === undefined) return undefined;
  const words = exec.words.slice(wordsBeforeArguments(exec)).map(({ text }) => text);
  const flags = flagsOf(words);
  return flags.ok ? { ...settingsOf(flags.value) } : undefined;
}

async function writeDropIn(
  place: Place,
  write: ConfigWrite,
): Answer<{ readonly digest: string; readonly backupPath: string }> {
  const { host } = place;
  const seen = await look(place);
  if (!seen.ok) return seen;
  const { view, dropIn, own } = seen.value;
  if (view.digest !== write.expectDigest)
    return err(changedMeanwhile(place, dropIn, view.digest, write.expectDigest));
  const text = edited(place, configOf(place, seen.value), write.changes);
  if (!text.ok) return text;
  const backupPath = `${dropIn}.peershift-${write.backupSuffix}`;
  const kept = await host.readFile(backupPath);
  if (!kept.ok) return kept;
  if (kept.value === undefined) {
    const original = await host.writeFile(backupPath, bytesOf(own?.text ?? ''), DROP_IN);
    if (!original.ok) return original;
  }
  const written = await host.writeFile(dropIn, bytesOf(text.value), DROP_IN);
  if (!written.ok) return written;
  const digest = await reloaded(place);
  if (!digest.ok) return digest;
  return ok({ digest: digest.value, backupPath });
}

/** systemd reads its units as root; everybody may read them. */
const DROP_IN = { mode: 0o644, uid: 0, gid: 0 } as const;

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

async function reloaded({ host, unit, path }: Place): Answer<string> {
  const done = await daemonReload(host, unit);
  if (!done.ok) return done;
  const view = await viewUnit(host, unit, path);
  return view.ok ? ok(view.value.digest) : view;
}

async function restore(
  place: Place,
  backupPath: string,
  expectDigest: string,
): Answer<{ readonly digest: string }> {
  const { host } = place;
  const backup = await host.readFile(backupPath);
  if (!backup.ok) return backup;
  if (backup.value === undefined) return err(backupGone(place, backupPath));
  const seen = await look(place);
  if (!seen.ok) return seen;
  const { view, dropIn, own } = seen.value;
  const original = Buffer.from(backup.value.bytes).toString('utf8');
  // What a run that died after this very write left is as good as done.
  const isBack = (own?.text ?? '') === original;
  if (!isBack && view.digest !== expectDigest)
    return err(changedMeanwhile(place, dropIn, view.digest, expectDigest));
  if (!isBack) {
    const put =
      original === ''
        ? await host.removeFile(dropIn)
        : await host.writeFile(dropIn, backup.value.bytes, DROP_IN);
    if (!put.ok) return put;
  }
  const digest = await reloaded(place);
  return digest.ok ? ok({ digest: digest.value }) : digest;
}

function changedMeanwhile(place: Place, dropIn: string, found: string, wanted: string): Failure {
  const short = (digest: string): string => sha256(digest).slice(0, 12);
  return {
    code: 'CONFIG_CHANGED',
    where: `${place.unit} on ${place.host.label}`,
    would: `write ${dropIn}`,
    but: `unit, drop-ins and environment files together are ${short(found)}, not ${short(wanted)} as when they were last seen`,
    so: 'somebody else changes how this service is started; everything was left as it is now',
    remedy:
      'find out who (systemctl cat, configuration management?), pause that, then run peershift again',
  };
}

function backupGone(place: Place, backupPath: string): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `${backupPath} on ${place.host.label}`,
    would: `put the command line of ${place.unit} back`,
    but: 'there is no such file',
    so: 'what stood there before is not known; nothing was changed',
    remedy: `take the drop-in of peershift away by hand if there was none before (systemctl cat ${place.unit})`,
  };
}
