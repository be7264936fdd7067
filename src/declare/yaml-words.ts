/**
 * Turns the YAML reader's error codes into words of our own. Its own texts are never shown: some of them
 * quote the source, and what is quoted may be half of a password.
 */

import type { ErrorCode } from 'yaml';

export interface YamlWords {
  readonly message: string;
  readonly hint: string;
}

const QUOTES = 'put the value in quotes: "..."';
const INDENT = 'indent with spaces, two for each level, and close every bracket';

const WORDS: Readonly<Record<ErrorCode, YamlWords>> = {
  ALIAS_PROPS: { message: 'an alias (*name) cannot have an anchor or a tag', hint: QUOTES },
  BAD_ALIAS: { message: 'this is not an alias that YAML can read', hint: QUOTES },
  BAD_COLLECTION_TYPE: {
    message: 'the tag before this value does not fit it',
    hint: 'take the tag (!...) away',
  },
  BAD_DIRECTIVE: {
    message: 'this is not a directive that YAML 1.2 knows',
    hint: 'take the line that begins with % away',
  },
  BAD_DQ_ESCAPE: {
    message: 'a backslash in double quotes begins an escape that YAML does not know',
    hint: "use single quotes: '...'",
  },
  BAD_INDENT: { message: 'the indentation is wrong here', hint: INDENT },
  BAD_PROP_ORDER: { message: 'an anchor or a tag stands at the wrong place', hint: QUOTES },
  BAD_SCALAR_START: {
    message: 'a value cannot begin with this character unless it is in quotes',
    hint: QUOTES,
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'there are two values, or a second key, on one line',
    hint: 'put each key on a line of its own, or the value in quotes',
  },
  BLOCK_IN_FLOW: {
    message: 'an indented block cannot stand inside { } or [ ]',
    hint: 'close the bracket first',
  },
  DUPLICATE_KEY: {
    message: 'this key stands here a second time',
    hint: 'keep one of the two',
  },
  IMPOSSIBLE: { message: 'YAML cannot read this', hint: INDENT },
  KEY_OVER_1024_CHARS: { message: 'this key is far too long', hint: INDENT },
  MISSING_CHAR: {
    message: 'a quote, bracket, comma, colon or space is missing here or before',
    hint: 'close what was opened, and put a space behind each colon',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a key must stand on one line, with its colon',
    hint: 'write "key: value"',
  },
  MULTIPLE_ANCHORS: { message: 'a value has one anchor at most', hint: QUOTES },
  MULTIPLE_DOCS: {
    message: 'a plan file is one YAML document, and here a second one begins',
    hint: 'take the line "---" away, or use two files',
  },
  MULTIPLE_TAGS: { message: 'a value has one tag at most', hint: QUOTES },
  NON_STRING_KEY: { message: 'a key must be a plain word', hint: 'write "key: value"' },
  RESOURCE_EXHAUSTION: { message: 'this is nested too deeply', hint: INDENT },
  TAB_AS_INDENT: { message: 'a tab cannot indent in YAML', hint: 'indent with spaces' },
  TAG_RESOLVE_FAILED: {
    message: 'this tag (!...) is not known',
    hint: 'take it away, or put the value in quotes: "..."',
  },
  UNEXPECTED_TOKEN: {
    message: 'YAML expects something else here',
    hint: 'put the value in quotes, or on a line of its own',
  },
};

export function yamlWords(code: ErrorCode): YamlWords {
  return WORDS[code];
}
