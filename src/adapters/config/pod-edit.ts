/** Turns one change of a flag into a change of a static pod's manifest, with the folder of the file mounted. */

import type { YAMLMap, YAMLSeq } from 'yaml';

import { digestOf } from '../../base/digest.ts';
import { type Result, err, ok } from '../../base/result.ts';
import type { ExecFlag } from '../../model/flag-words.ts';
import { FLAG, type SettingChange, withChanges } from '../../model/settings.ts';
import type { FileReading } from './file-config.ts';
import { type Mount, type PodManifest, listAt, parsePod } from './pod-manifest.ts';

/** Flags that name a file, which the container must see. */
const FILES: readonly string[] = [FLAG.peerCertFile, FLAG.peerKeyFile, FLAG.peerTrustedCaFile];
const VOLUME = 'peershift-pki';

export function readPod(text: string): FileReading {
  const pod = parsePod(text);
  if (typeof pod === 'string') return { settings: {}, lines: {}, problems: [pod] };
  const { settings, lines, problems } = pod;
  return { settings, lines, problems };
}

/** The text with the changes and every other byte as it was; the reason when it cannot be edited. */
export function editPod(text: string, changes: readonly SettingChange[]): Result<string, string> {
  const before = readPod(text);
  if (before.problems.length > 0) return err(before.problems.join('; '));
  let edited = text;
  for (const change of changes) {
    const next = withFlag(edited, change);
    if (!next.ok) return next;
    edited = next.value;
  }
  const mounted = withMounts(edited, changes);
  if (!mounted.ok) return mounted;
  // The border is checked twice: what was written is read, and must be what was asked for.
  const after = readPod(mounted.value);
  const isWanted = digestOf(after.settings) === digestOf(withChanges(before.settings, changes));
  if (isWanted && after.problems.length === 0) return mounted;
  return err(after.problems[0] ?? 'an edit would change other settings');
}

function withFlag(text: string, { flag, to }: SettingChange): Result<string, string> {
  const pod = parsePod(text);
  if (typeof pod === 'string') return err(pod);
  if (to !== undefined && /\p{Cc}|\$\(/u.test(to)) {
    return err(`the value for --${flag} has a character that a manifest cannot take`);
  }
  const own = pod.flags.filter((each) => each.flag === flag);
  const last = own.at(-1);
  if (to === undefined) return ok(own.reduceRight((rest, each) => without(rest, pod, each), text));
  if (last === undefined) return added(text, pod, `--${flag}=${to}`);
  if ((last.value ?? 'true') === to) return ok(text);
  return ok(replaced(text, pod, last, to));
}

/** In the quotes that it had. */
function replaced(
  text: string,
  { words }: PodManifest,
  { flag, from, to }: ExecFlag,
  value: string,
): string {
  const target = words[to - 1];
  if (target === undefined) return text;
  const [start, end] = target.node.range ?? [0, 0];
  const dashes = words[from]?.text.startsWith('--') === true ? '--' : '-';
  const word = to === from + 1 ? `${dashes}${flag}=${value}` : value;
  const isQuoted = target.node.type !== 'PLAIN';
  return text.slice(0, start) + scalar(word, isQuoted) + text.slice(end);
}

function added(
  text: string,
  { words, container }: PodManifest,
  word: string,
): Result<string, string> {
  const last = words.at(-1);
  const list = last?.list ?? listAt(container, 'command');
  if (list === undefined) return err('the container has no command');
  return ok(withItem(text, list, [scalar(word, false)]));
}

function without(text: string, { words }: PodManifest, { from, to }: ExecFlag): string {
  const first = words[from]?.node.range?.[0] ?? 0;
  const last = words[to - 1]?.node.range?.[0] ?? first;
  return text.slice(0, lineStart(text, first)) + text.slice(nextLine(text, last));
}

/** Safe as it stands: nothing in it that YAML reads as something else. */
function scalar(word: string, isQuoted: boolean): string {
  const isPlain = /^-{0,2}[A-Za-z/][\w./@%+=,:[\]-]*$/.test(word) && !word.endsWith(':');
  return isPlain && !isQuoted ? word : JSON.stringify(word);
}

/** Folders of the files that no mount covers yet are mounted at the path that they have on the host. */
function withMounts(text: string, changes: readonly SettingChange[]): Result<string, string> {
  const files = changes.flatMap(({ flag, to }) =>
    FILES.includes(flag) && to !== undefined ? [to] : [],
  );
  const folders = new Set(files.map((file) => file.slice(0, file.lastIndexOf('/'))));
  let edited = text;
  for (const folder of folders) {
    const pod = parsePod(edited);
    if (typeof pod === 'string') return err(pod);
    const mount = coveringMount(pod.mounts, folder);
    if (mount !== undefined && mount.hostPath === mount.mountPath) continue;
    if (mount !== undefined) {
      return err(
        `${folder} of the container is ${mount.hostPath ?? 'no folder'} of the host (volumeMounts): ` +
          'choose a tls.directory that is the same path in both',
      );
    }
    edited = withMount(edited, pod, folder);
  }
  return ok(edited);
}

/** The nearest one above. */
function coveringMount(mounts: readonly Mount[], folder: string): Mount | undefined {
  const covering = mounts.filter(({ mountPath }) => {
    const path = mountPath.replace(/\/+$/, '');
    return folder === path || folder.startsWith(`${path}/`);
  });
  return [...covering].sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
}

function withMount(text: string, pod: PodManifest, folder: string): string {
  const name = freeName(text);
  const path = scalar(folder, false);
  const mount = [`mountPath: ${path}`, `name: ${name}`, 'readOnly: true'];
  const volume = ['hostPath:', `  path: ${path}`, '  type: DirectoryOrCreate', `name: ${name}`];
  const mounted = withListItem(text, pod.container, 'volumeMounts', mount);
  const again = parsePod(mounted);
  return typeof again === 'string' ? text : withListItem(mounted, again.spec, 'volumes', volume);
}

function freeName(text: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? VOLUME : `${VOLUME}-${String(number)}`;
    if (!new RegExp(`\\b${name}["']?\\s`).test(text)) return name;
  }
}

/** Behind the last item, or in a list of its own behind the mapping's last key. */
function withListItem(text: string, map: YAMLMap, key: string, lines: readonly string[]): string {
  const list = listAt(map, key);
  if (list !== undefined && list.items.length > 0 && list.flow !== true)
    return withItem(text, list, lines);
  const start = map.range?.[0] ?? 0;
  const indent = ' '.repeat(start - lineStart(text, start));
  const own = [`${key}:`, ...itemLines(lines)].map((line) => indent + line);
  return insertedAt(text, endOfBlock(text, map.range?.[1] ?? text.length), own);
}

function withItem(text: string, list: YAMLSeq, lines: readonly string[]): string {
  const start = list.range?.[0] ?? 0;
  const indent = ' '.repeat(start - lineStart(text, start));
  const end = endOfBlock(text, list.range?.[1] ?? text.length);
  return insertedAt(
    text,
    end,
    itemLines(lines).map((line) => indent + line),
  );
}

function itemLines(lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
}

/** Behind the line of the last character that is not white space before `end`. */
function endOfBlock(text: string, end: number): number {
  return nextLine(text, text.slice(0, end).trimEnd().length);
}

function insertedAt(text: string, at: number, lines: readonly string[]): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text.slice(0, at);
  const glue = before.endsWith('\n') ? '' : eol;
  return `${before}${glue}${lines.join(eol)}${eol}${text.slice(at)}`;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function nextLine(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed < 0 ? text.length : feed + 1;
}
