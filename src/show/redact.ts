/**
 * Turns any text into one without secrets: the second net over everything that is printed. The first one
 * is that secrets live in types that are never printed; what comes by here was quoted from somewhere.
 */

const MASK = '***';

/** Names whose value is a secret, with any prefix or suffix: `ETCD_ROOT_PASSWORD`, `passphraseFile`. */
const SECRET_NAME = String.raw`[\w.-]*(?:pass(?:word|phrase|wd)|secret|api[_-]?key|auth[_-]?token)[\w.-]*`;
/** Named groups, so that the quotes stay and JSON stays JSON. */
const QUOTED = String.raw`(?<quote>["'])(?:\\.|(?!\k<quote>)[^\\])*\k<quote>`;
const ASSIGNED = String.raw`(?<name>["']?\b${SECRET_NAME}\\?["']?\s*[:=]\s*)`;

interface Net {
  readonly finds: RegExp;
  readonly leaves: string;
}

/** A private key that was cut off before its end line is one to the end of the text. */
const PEM_KEY =
  /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|(?=-----BEGIN )|$)/gu;

const NETS: readonly Net[] = [
  { finds: PEM_KEY, leaves: `-----BEGIN $1----- ${MASK}` },
  // Header lines, also inside JSON or argv: the scheme and all that follows up to the closing quote.
  {
    finds: /((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^\n"']+/giu,
    leaves: `$1${MASK}`,
  },
  { finds: /\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}/giu, leaves: `$1${MASK}` },
  // scheme://user:secret@host, and scheme://token@host; greedy, as a secret may hold an @ or a slash.
  { finds: /([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]+@/giu, leaves: `$1${MASK}@` },
  // A value in quotes, escaped quotes included (JSON, YAML, env files).
  {
    finds: new RegExp(`${ASSIGNED}${QUOTED}`, 'giu'),
    leaves: `$<name>$<quote>${MASK}$<quote>`,
  },
  // A bare value after = or :, to the next white space or list end.
  {
    finds: new RegExp(String.raw`${ASSIGNED}(?!\*\*\*|[{["'])[^\s,;&}\]]+`, 'giu'),
    leaves: `$<name>${MASK}`,
  },
  // A command line: --password VALUE.
  {
    finds: new RegExp(String.raw`(--?${SECRET_NAME}\s+)(?!\*\*\*|-)(?:${QUOTED}|[^\s"']+)`, 'giu'),
    leaves: `$1${MASK}`,
  },
  // etcdctl --user name:secret.
  { finds: /(--user(?:\s+|=)[^\s:]+:)\S+/giu, leaves: `$1${MASK}` },
];

/** The text with private keys, passwords, passphrases, authorization headers and URL credentials as `***`. */
export function redact(text: string): string {
  return NETS.reduce((kept, { finds, leaves }) => kept.replace(finds, leaves), text);
}
