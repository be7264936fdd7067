/** Turns what stands in an env file into the reasons, in words, why nobody should edit it by machine. */

import { OWNED_FLAGS, environmentName } from '../../model/settings.ts';
import type { Assignment, EnvLines, OtherLine } from './env-lines.ts';

const OWNED_NAMES: readonly string[] = OWNED_FLAGS.map(environmentName);
/** Words of sh that can make an assignment not happen, or happen elsewhere. */
const SHELL_CODE =
  /^(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|source|eval|unset|function|exec|\.|\[+)(?:[\s;]|$)|^[\w-]+[ \t]*\(\)/;
const SHELL_EXPORT = /^export(?:[ \t]+[A-Za-z_][A-Za-z0-9_]*)+[ \t]*$/;
const NEEDS_CLOSING = 'close the quote';
const AS_ONE_VALUE = 'write it as NAME="value" with nothing behind it';

/** A value that sh and systemd take as it stands, without quotes. */
export function isPlainBare(value: string): boolean {
  return /^[\p{L}\p{N}_@%+=:,./[\]-]*$/u.test(value);
}

export function envProblems(text: string, lines: EnvLines): readonly string[] {
  return [
    ...(text.startsWith('\uFEFF') ? ['it begins with a byte order mark: remove it'] : []),
    ...(text.includes('\0') ? ['it holds a zero byte, so it is not a text file'] : []),
    ...lines.assignments.flatMap((assignment) => [
      ...quoteProblems(assignment),
      ...ownedProblems(text, assignment),
      ...flagProblems(assignment),
    ]),
    ...lines.strangers.flatMap(shellProblems),
    ...commentProblems(lines),
  ];
}

function quoteProblems(assignment: Assignment): readonly string[] {
  const at = `line ${String(assignment.line)}: the value of ${assignment.name}`;
  if (!assignment.isClosed) return [`${at} opens a quote that is never closed: ${NEEDS_CLOSING}`];
  const swallowed = /\n[ \t]*(?:export[ \t]+)?(ETCD_[A-Z_]+)=/.exec(assignment.value)?.[1];
  return swallowed === undefined ? [] : [`${at} goes on over ${swallowed}: ${NEEDS_CLOSING}`];
}

function ownedProblems(text: string, assignment: Assignment): readonly string[] {
  const { name, line, style, valueStart, end } = assignment;
  const at = `line ${String(line)}:`;
  if (name === 'ETCD_CONFIG_FILE' && assignment.value !== '') {
    return [`${at} with ETCD_CONFIG_FILE etcd ignores every other setting here`];
  }
  const raw = text.slice(valueStart, end);
  const hidden = OWNED_NAMES.find((owned) => new RegExp(`[\\s;&|]${owned}=`).test(raw));
  if (style === 'bare' && hidden !== undefined) {
    return [`${at} ${hidden} is set behind something else: give it a line of its own`];
  }
  if (!OWNED_NAMES.includes(name) || readsAlike(raw, style)) return [];
  if (style !== 'single' && /(?:^|[^\\])(?:\\\\)*[$`]/.test(raw)) {
    return [`${at} ${name} uses a variable or a command: write out what it stands for`];
  }
  return [`${at} systemd and sh read ${name} differently: ${AS_ONE_VALUE}`];
}

/** Spaces around a value keep sh from reading it at all, so there systemd alone counts. */
function readsAlike(raw: string, style: Assignment['style']): boolean {
  if (style === 'single') return true;
  if (style === 'double') return !/(?:^|[^\\])(?:\\\\)*[$`]/.test(raw);
  return style === 'bare' && isPlainBare(raw.replaceAll(/\\\n/g, '').trim());
}

/** `DAEMON_ARGS="--listen-peer-urls ..."`: a flag beats the environment or, from 3.4 on, stops etcd. */
function flagProblems(assignment: Assignment): readonly string[] {
  const { name, value, line } = assignment;
  const at = `line ${String(line)}:`;
  const found = OWNED_FLAGS.filter((flag) => hasFlag(value, flag));
  if (found.length > 0) {
    const flags = found.map((flag) => `--${flag}`).join(' ');
    return [`${at} flags in ${name} (${flags}): move them into ETCD_ settings of their own`];
  }
  return hasFlag(value, 'config-file')
    ? [`${at} --config-file in ${name}: etcd then ignores the settings here`]
    : [];
}

/** Go takes one dash or two. */
function hasFlag(value: string, flag: string): boolean {
  return new RegExp(`(?:^|\\s)--?${flag}(?:[=\\s]|$)`).test(value);
}

function shellProblems(stranger: OtherLine): readonly string[] {
  if (SHELL_EXPORT.test(stranger.text)) return [];
  const isCode = SHELL_CODE.test(stranger.text) || /\bETCD_[A-Z]/.test(stranger.text);
  if (!isCode) return [];
  const [first = ''] = stranger.text.split('\n');
  return [
    `line ${String(stranger.line)} is shell code (${first.trim()}): what it does is not known`,
  ];
}

/** Before version 254 systemd took the line behind `# ... \` for a part of the comment, sh never does. */
function commentProblems(lines: EnvLines): readonly string[] {
  return lines.comments.flatMap((comment) => {
    if (!comment.text.endsWith('\\')) return [];
    const next = lines.assignments.find(({ line }) => line === comment.line + 1);
    if (next?.name.startsWith('ETCD_') !== true) return [];
    const at = `line ${String(comment.line)}:`;
    return [`${at} the comment ends in a backslash, which hides ${next.name} from some versions`];
  });
}
