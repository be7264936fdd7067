/**
 * Turns any text into one without secrets: the second net over everything that is printed. The first one
 * is that secrets live in types that are never printed; what comes by here was quoted from somewhere.
 */

const MASK = '***';

/** The end of a name whose value is a secret: `ETCD_ROOT_PASSWORD`, `passphraseFile`. Bounded, to stay linear. */
const SECRET_NAME = String.raw`(?:pass(?:word|phrase|code|wd)|pwd|secret|token|api[_-]?key)[\w.-]{0,40}`;
/** The name with what stands between it and its value; quotes may be escaped, as in JSON within JSON. */
const ASSIGNED = String.raw`(?<name>${SECRET_NAME}\\?["']?\s*[:=]\s*)`;
/** A quoted value; its quotes are kept, so that JSON stays JSON. */
const QUOTED = [
  String.raw`"(?:\\[\s\S]|[^"\\])*"`,
  String.raw`'(?:\\[\s\S]|[^'\\])*'`,
  String.raw`\\"(?:\\\\\\[\s\S]|\\\\|(?!\\")[\s\S])*\\"`,
].map((form) => `(?:${form})`);
const MASKED = String.raw`\\?["']?\*\*\*(?![^\s"'\\,;}\])])`;
/** What a bare value is not: a mask, the name of an environment entry, a word of JSON. */
const NOT_BARE = String.raw`(?!\s*(?:${MASKED}|\{\s*\\?["']?env\b|(?:null|true|false)\s*(?:[,}\]\n]|$)))`;

/** The one that the procedure of `rescue` itself gives to a new cluster: whoever copies the line needs it. */
const OWN_TOKEN = String.raw`(?<=--initial-cluster-token )rescued `;

interface Net {
  readonly finds: RegExp;
  readonly leaves: string;
}

const net = (finds: string, leaves: string): Net => ({ finds: new RegExp(finds, 'giu'), leaves });

const NETS: readonly Net[] = [
  // A private key that was cut off before its end line is one to the end of the text.
  net(
    String.raw`-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY)-----(?! \*\*\*)[\s\S]*?(?:-----END \1-----|(?=-----BEGIN )|$)`,
    `-----BEGIN $1----- ${MASK}`,
  ),
  // A header, bare, in JSON or in a command line: the scheme and all that follows it.
  net(String.raw`(authorization\\?["']?\s*[:=]\s*\\?["']?)[^\n"'\\]+`, `$1${MASK}`),
  net(String.raw`\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}`, `$1${MASK}`),
  // scheme://user:secret@host, and scheme://token@host; greedy, as a secret may hold an @ or a slash.
  net(String.raw`(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"'<>]{1,2000}@`, `$1${MASK}@`),
  ...QUOTED.map((form, index) => {
    const quote = ['"', "'", '\\"'][index] ?? '';
    return net(`${ASSIGNED}${form}`, `$<name>${quote}${MASK}${quote}`);
  }),
  // After `:` as in YAML, where a value may hold spaces; after `=` as in an environment, where it may not.
  net(String.raw`(${SECRET_NAME}\\?["']?\s*:)${NOT_BARE}([ \t]*)[^\n]+`, `$1$2${MASK}`),
  net(String.raw`(${SECRET_NAME}\\?["']?\s*=)${NOT_BARE}([ \t]*)\S+`, `$1$2${MASK}`),
  // In a command line: --password VALUE, and etcdctl's --user NAME:VALUE.
  net(
    String.raw`(--?[\w.-]{0,40}${SECRET_NAME}\s+)(?!${MASKED}|--|${OWN_TOKEN})(?:${QUOTED.join('|')}|\S+)`,
    `$1${MASK}`,
  ),
  net(String.raw`(--user(?:\s+|=)[^\s:]+:)\S+`, `$1${MASK}`),
];

/** The text with private keys, passwords, passphrases, authorization headers and URL credentials as `***`. */
export function redact(text: string): string {
  return NETS.reduce((kept, { finds, leaves }) => kept.replace(finds, leaves), text);
}
