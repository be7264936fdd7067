/** Turns the texts of apt's source files into the archives they name. */

export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** Reads both forms: `deb [options] URI SUITE COMPONENT...` lines, and stanzas of `Field: value`. */
export function parseAptSources(text: string): readonly AptSource[] {
  return /^types:/im.test(text) ? parseStanzas(text) : parseLines(text);
}

/** The archive that holds this suite itself (not `SUITE-updates` or `SUITE-security`). */
export function archiveOf(sources: readonly AptSource[], suite: string): AptSource | undefined {
  return sources.find((source) => source.suites.includes(suite));
}

function parseLines(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line);
    if (match === null) return [];
    const [, uri = '', suite = '', components = ''] = match;
    return [{ uri, suites: [suite], components: words(components.replace(/#.*/, '')) }];
  });
}

function parseStanzas(text: string): readonly AptSource[] {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const field = (name: string): readonly string[] =>
      words(new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? '');
    if (!field('types').includes('deb') || field('enabled').includes('no')) return [];
    return field('uris').map((uri) => ({
      uri,
      suites: field('suites'),
      components: field('components'),
    }));
  });
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
