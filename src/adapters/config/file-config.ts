/** Turns one text file on a host, in any format that can be read and edited, into a MemberConfig. */

import { sha256 } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { SettingChange, Settings } from '../../model/settings.ts';
import type {
  Answer,
  ConfigFile,
  ConfigWrite,
  Host,
  HostFile,
  MemberConfig,
  WriteOptions,
} from '../../ports.ts';
import { keepHistory, readHistory } from './history.ts';

export interface ConfigFormat {
  read(text: string): FileReading;
  /** The reason when it cannot be edited. */
  edit(text: string, changes: readonly SettingChange[]): Result<string, string>;
  /** For a file that a process reads by itself and then forgets; see `keepHistory`. */
  readonly keepsHistory?: boolean;
}

export interface FileReading {
  readonly settings: Settings;
  /** By flag, counted from 1. */
  readonly lines: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Place {
  readonly host: Host;
  readonly path: string;
}

/**
 * Every write is: digest as expected, original kept beside the file (once, never overwritten), one atomic
 * write with owner and mode kept, bytes read back and compared. `restore` leaves the kept original where
 * it is, so that it can be done twice; who made it removes it.
 */
export function fileConfig(host: Host, path: string, format: ConfigFormat): MemberConfig {
  const place = { host, path };
  return {
    read: async () => {
      const file = await existing(place, path, 'read the settings');
      if (!file.ok) return file;
      const config = configFile(path, file.value, format);
      if (format.keepsHistory !== true) return ok(config);
      const history = await readHistory(host, path, file.value, config.settings);
      return history.ok ? ok({ ...config, history: history.value }) : history;
    },
    edited: (file, changes) => edited(place, file, changes, format),
    write: async (write) => await writeConfig(place, write, format),
    restore: async (backupPath, expectDigest) =>
      await restore(place, backupPath, expectDigest, format),
  };
}

function configFile(path: string, file: HostFile, format: ConfigFormat): ConfigFile {
  const digest = sha256(file.bytes);
  const text = Buffer.from(file.bytes).toString('utf8');
  const { settings, lines, problems } = format.read(text);
  const places = Object.fromEntries(
    Object.entries(lines).map(([flag, line]) => [flag, `${path}:${String(line)}`]),
  );
  const isText = Buffer.from(text, 'utf8').equals(file.bytes);
  const notText = 'it is not UTF-8 text, and an edit would change other bytes';
  return { path, settings, places, digest, text, problems: isText ? problems : [notText] };
}

function edited(
  { host, path }: Place,
  file: ConfigFile,
  changes: readonly SettingChange[],
  format: ConfigFormat,
): Result<string, Failure> {
  const [problem] = file.problems;
  const text = problem === undefined ? format.edit(file.text, changes) : err(problem);
  if (text.ok) return text;
  return err({
    code: 'CONFIG_UNREADABLE',
    where: `${path} on ${host.label}`,
    would: `change ${changes.map(({ flag }) => flag).join(', ')}`,
    but: text.error,
    so: 'the file was left alone',
    remedy: 'correct that line by hand, then run peershift again',
  });
}

async function writeConfig(
  place: Place,
  write: ConfigWrite,
  format: ConfigFormat,
): Answer<{ readonly digest: string; readonly backupPath: string }> {
  const { path } = place;
  const file = await existing(place, path, 'write the new settings');
  if (!file.ok) return file;
  const config = configFile(path, file.value, format);
  if (config.digest !== write.expectDigest) {
    return err(changedMeanwhile(place, config.digest, write.expectDigest));
  }
  const text = edited(place, config, write.changes, format);
  if (!text.ok) return text;
  const backupPath = `${path}.peershift-${write.backupSuffix}`;
  const kept = await keepOriginal(place, backupPath, file.value);
  if (!kept.ok) return kept;
  const bytes = Buffer.from(text.value, 'utf8');
  const digest = await replaceFile(place, file.value, { bytes, options: {} }, format);
  return digest.ok ? ok({ digest: digest.value, backupPath }) : digest;
}

/** Known race: only one run at a time writes here (the host's lock), so looking first is enough. */
async function keepOriginal(place: Place, backupPath: string, file: HostFile): Answer<string> {
  const there = await place.host.readFile(backupPath);
  if (!there.ok) return there;
  if (there.value !== undefined) return ok(sha256(there.value.bytes));
  const { bytes, mode, uid, gid } = file;
  return await writeAndCompare(place, backupPath, bytes, { mode, uid, gid });
}

async function restore(
  place: Place,
  backupPath: string,
  expectDigest: string,
  format: ConfigFormat,
): Answer<{ readonly digest: string }> {
  const backup = await existing(place, backupPath, 'put the kept original back');
  if (!backup.ok) return backup;
  const file = await existing(place, place.path, 'put the kept original back');
  if (!file.ok) return file;
  const digest = sha256(file.value.bytes);
  const { bytes, mode, uid, gid } = backup.value;
  // What a run that died after this very write left is as good as done.
  if (digest !== expectDigest && digest !== sha256(bytes)) {
    return err(changedMeanwhile(place, digest, expectDigest));
  }
  const original = { bytes, options: { mode, uid, gid } };
  const written = await replaceFile(place, file.value, original, format);
  return written.ok ? ok({ digest: written.value }) : written;
}

/** The record is ahead of the write, and completed behind it: a process that dies between loses nothing. */
async function replaceFile(
  place: Place,
  old: HostFile,
  { bytes, options }: { readonly bytes: Uint8Array; readonly options: WriteOptions },
  format: ConfigFormat,
): Answer<string> {
  const { host, path } = place;
  const remember = async (file: HostFile, next?: string): Answer<undefined> => {
    if (format.keepsHistory !== true) return ok(undefined);
    const { settings } = configFile(path, file, format);
    return await keepHistory(host, path, file, settings, next);
  };
  const before = await remember(old, sha256(bytes));
  if (!before.ok) return before;
  const digest = await writeAndCompare(place, path, bytes, options);
  if (!digest.ok) return digest;
  const now = await existing(place, path, 'read back what was written');
  if (!now.ok) return now;
  const after = await remember(now.value);
  return after.ok ? digest : after;
}

async function existing(place: Place, path: string, would: string): Answer<HostFile> {
  const file = await place.host.readFile(path);
  if (!file.ok) return file;
  if (file.value !== undefined) return ok(file.value);
  return err({
    code: 'CONFIG_UNREADABLE',
    where: `${path} on ${place.host.label}`,
    would,
    but: 'there is no such file',
    so: 'the settings of the next start are not known',
    remedy: 'correct the path under config in the plan file, or put the file back',
  });
}

async function writeAndCompare(
  place: Place,
  path: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Answer<string> {
  const written = await place.host.writeFile(path, bytes, options);
  if (!written.ok) return written;
  const back = await existing(place, path, 'read back what was written');
  if (!back.ok) return back;
  const digest = sha256(back.value.bytes);
  const wanted = sha256(bytes);
  return digest === wanted ? ok(digest) : err(changedMeanwhile({ ...place, path }, digest, wanted));
}

function changedMeanwhile({ host, path }: Place, found: string, wanted: string): Failure {
  const short = (digest: string): string => digest.slice(0, 12);
  return {
    code: 'CONFIG_CHANGED',
    where: `${path} on ${host.label}`,
    would: 'write the settings',
    but: `its SHA-256 is ${short(found)}..., not ${short(wanted)}... as when it was last seen`,
    so: 'somebody else writes this file; it was left as it is now',
    remedy: 'find out who (configuration management?), pause that, then run peershift again',
  };
}
