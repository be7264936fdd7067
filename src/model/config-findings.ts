/**
 * Turns where a member's settings come from into what is wrong or odd about that, one function for each
 * finding: `configFindings` has them all, for `check` to list and for preflight to refuse on.
 */

import { BOOLEAN_FLAGS, cleanSettings } from './clean-settings.ts';
import { type ConfigSources, isOwned, placeText } from './config-sources.ts';
import { FLAG, OWNED_FLAGS, type Settings, environmentName } from './settings.ts';
import { isAtLeast } from './version.ts';

export interface ConfigFinding {
  readonly code:
    | 'SETTING_TWICE'
    | 'FILE_DIFFERS'
    | 'SETTING_ELSEWHERE'
    | 'SETTING_IGNORED'
    | 'PEER_CA_FILE'
    | 'PEER_AUTO_TLS'
    | 'SAN_CHECK_SKIPPED'
    | 'NAME_ALLOWED';
  /** fail: nothing may be changed before this is put right. */
  readonly level: 'fail' | 'warn';
  /** One sentence or more, with places and values. */
  readonly says: string;
  readonly remedy: string;
  /** The one setting of which file and process say different things. */
  readonly flag?: string;
}

export interface ConfigQuestion {
  readonly sources: ConfigSources;
  /** Of etcd; undefined: not known. */
  readonly version: string | undefined;
}

/** All findings about one member's settings, the failing ones first; empty when all is well. */
export function configFindings(question: ConfigQuestion): readonly ConfigFinding[] {
  const { sources } = question;
  const found = [
    ...sourceFindings(sources),
    ...settingIgnored(question),
    ...peerCaFile(question),
    ...peerAutoTls(sources),
    ...sanCheckSkipped(sources),
    ...nameAllowed(sources),
  ];
  return [
    ...found.filter(({ level }) => level === 'fail'),
    ...found.filter(({ level }) => level === 'warn'),
  ];
}

/** Those that need no version and no peer URLs: file, command line and environment disagree. */
export function sourceFindings(sources: ConfigSources): readonly ConfigFinding[] {
  return [...settingTwice(sources), ...fileDiffers(sources), ...settingElsewhere(sources)];
}

/**
 * Flag and variable together: etcd 3.4 and later refuses to start (pkg/flags `SetFlagsFromEnv`).
 */
export function settingTwice(sources: ConfigSources): readonly ConfigFinding[] {
  const { path, file, process, format, places } = sources;
  if (process.configFile !== undefined) return [];
  const both = 'etcd 3.4 and later does not start with both';
  const finding = (says: string): ConfigFinding => ({
    code: 'SETTING_TWICE',
    level: 'fail',
    says,
    remedy: 'keep each setting in one place, the one that config in the plan file names',
  });
  return Object.keys(process.flags).flatMap((flag) => {
    const variable = environmentName(flag);
    const where = placeText(placeOfElsewhere(sources, flag, true));
    if (format === 'env-file' && isOwned(flag)) {
      return [
        finding(
          `--${flag} is on the command line${where}, while ${path} is to hold it as ${variable}: ${both}`,
        ),
      ];
    }
    if (format === 'env-file' && (file[flag] ?? '') !== '') {
      const line = places[flag] ?? path;
      return [finding(`--${flag} is on the command line and ${variable} is in ${line}: ${both}`)];
    }
    if (process.environment[flag] === undefined) return [];
    const from = placeText(placeOfElsewhere(sources, flag, false));
    return [
      finding(
        `--${flag} is on the command line and ${variable} is in the environment${from}: ${both}`,
      ),
    ];
  });
}

/** What takes effect at a restart, and would do so together with our own change. */
const AT_RESTART: readonly string[] = Object.values(FLAG).filter(
  (flag) => !flag.startsWith('initial-'),
);

/** The file says something else than what runs. */
export function fileDiffers(sources: ConfigSources): readonly ConfigFinding[] {
  const { path, file, process, format, places, running } = sources;
  const written = cleanSettings(file);
  const isWhole = format !== 'env-file';
  return AT_RESTART.flatMap((flag) => {
    const says = written[flag];
    const runsWith = running[flag];
    if (says === runsWith || (!isWhole && process.flags[flag] !== undefined)) return [];
    if (says === undefined && (!isWhole || process.environment[flag] !== undefined)) return [];
    if (runsWith === undefined && says !== undefined && isDefault(flag, says)) return [];
    if (says === undefined && runsWith !== undefined && isDefault(flag, runsWith)) return [];
    const now = runsWith === undefined ? 'without it' : `with ${runsWith}`;
    const has = says === undefined ? 'does not set' : 'says';
    const what = says === undefined ? flag : `${flag} ${says}`;
    return [
      {
        code: 'FILE_DIFFERS' as const,
        level: 'fail' as const,
        says: `${places[flag] ?? path} ${has} ${what}, the process runs ${now}: a restart would change it`,
        remedy: 'correct the file, or restart this member by hand while all others are healthy',
        flag,
      },
    ];
  });
}

function isDefault(flag: string, value: string): boolean {
  return BOOLEAN_FLAGS.has(flag) && value === 'false';
}

/** A setting that peershift writes stands in a place that the plan file's `config` does not name. */
export function settingElsewhere(sources: ConfigSources): readonly ConfigFinding[] {
  const { path, file, process, format, elsewhere, variables: own = [] } = sources;
  if (process.configFile !== undefined) return [];
  const variables = OWNED_FLAGS.filter((flag) => {
    if (process.environment[flag] === undefined || own.includes(flag)) return false;
    return format === 'flags' || (file[flag] ?? '') === '';
  }).map((flag) => {
    const variable = environmentName(flag);
    const place = placeOfElsewhere(sources, flag, false);
    const origin =
      place === undefined
        ? 'it comes from elsewhere, or was taken out of the file since the start'
        : `it comes from ${place}`;
    return `${variable} is in the process's environment and not in ${path}: ${origin}`;
  });
  const written = elsewhere
    .filter(({ flag, isFlag, wins }) => {
      const isSeen = isFlag ? process.flags[flag] !== undefined : !wins;
      return isOwned(flag) && !isSeen && format === 'env-file';
    })
    .map(({ flag, isFlag, place }) => {
      const name = isFlag ? `--${flag}` : environmentName(flag);
      return `${name} is set in ${place}, which counts before ${path}: what is written there would have no effect`;
    });
  return [...variables, ...written].map((says) => ({
    code: 'SETTING_ELSEWHERE',
    level: 'fail',
    says,
    remedy: `move it to ${path}, or let config in the plan file name the place where it stands`,
  }));
}

function placeOfElsewhere(
  sources: ConfigSources,
  flag: string,
  isFlag: boolean,
): string | undefined {
  const found = sources.elsewhere.findLast((each) => each.flag === flag && each.isFlag === isFlag);
  return found?.place;
}

/** Beside `--config-file` flags and variables have no effect; before 3.4 its variable has none. */
export function settingIgnored({ sources, version }: ConfigQuestion): readonly ConfigFinding[] {
  const { process, path } = sources;
  if (process.configFile === undefined) return [];
  const isByVariable = process.flags['config-file'] === undefined;
  const isTooOld = version !== undefined && !isAtLeast(version, '3.4.0');
  if (isByVariable && isTooOld) {
    return [
      {
        code: 'SETTING_IGNORED',
        level: 'fail',
        says: `ETCD_CONFIG_FILE is ${path}, and etcd ${version} does not read that variable: the file has no effect`,
        remedy: 'start etcd with --config-file, or keep the settings where they have an effect',
      },
    ];
  }
  const ignored = (settings: Settings, name: (flag: string) => string): readonly string[] =>
    Object.keys(settings)
      .filter((flag) => flag !== 'config-file')
      .map(name);
  const names = [
    ...ignored(process.flags, (flag) => `--${flag}`),
    ...ignored(process.environment, environmentName),
  ];
  if (names.length === 0) return [];
  return [
    {
      code: 'SETTING_IGNORED',
      level: 'warn',
      says: `etcd reads ${path} and nothing else: ${names.join(', ')} of its command line and environment have no effect`,
      remedy: 'take them away, so that nobody takes them for what runs',
    },
  ];
}

/** `--peer-ca-file` is gone since 3.4: as a flag etcd does not start, as a variable it is silently no CA. */
export function peerCaFile({ sources, version }: ConfigQuestion): readonly ConfigFinding[] {
  const value = sources.running[FLAG.peerCaFile] ?? sources.file[FLAG.peerCaFile] ?? '';
  if (value === '') return [];
  const isGone = version !== undefined && isAtLeast(version, '3.4.0');
  const place = placeText(sources.places[FLAG.peerCaFile]);
  const effect = isGone
    ? `etcd ${version} does not know it any more and checks no peer against that CA`
    : 'it goes with etcd 3.4, where it stops a start or is silently ignored';
  return [
    {
      code: 'PEER_CA_FILE',
      level: 'warn',
      says: `${FLAG.peerCaFile} is set to ${value}${place}: ${effect}`,
      remedy: `use ${FLAG.peerTrustedCaFile} and ${FLAG.peerClientCertAuth} instead, as peershift writes them`,
    },
  ];
}

/** Certificates that each member makes for itself: encrypted, and any TLS peer is let in. */
export function peerAutoTls({ running, file, places }: ConfigSources): readonly ConfigFinding[] {
  const isOn = [running, file].some(
    (settings) => cleanSettings(settings)[FLAG.peerAutoTls] === 'true',
  );
  if (!isOn) return [];
  const place = placeText(places[FLAG.peerAutoTls]);
  return [
    {
      code: 'PEER_AUTO_TLS',
      level: 'warn',
      says: `${FLAG.peerAutoTls} is on${place}: without certificate files any TLS peer is accepted, and a member that checks its peers cannot dial this one; with them etcd ignores it`,
      remedy: 'take it out once the certificates are in place',
    },
  ];
}

/** A peer may then show any leaf of the CA, whatever address it comes from. */
export function sanCheckSkipped({ running, places }: ConfigSources): readonly ConfigFinding[] {
  const names = [FLAG.peerSkipClientSan, FLAG.peerSkipClientSanPlain];
  return names
    .filter((flag) => cleanSettings(running)[flag] === 'true')
    .map((flag) => ({
      code: 'SAN_CHECK_SKIPPED',
      level: 'warn',
      says: `${flag} is on${placeText(places[flag])}: a peer's leaf is not held against the address that it comes from`,
      remedy:
        'nothing, if that is wanted (NAT); take it out otherwise when the leaves name all addresses',
    }));
}

/** On top of the CA: the name in the leaf, of dialers and of those dialed alike (TR `baseConfig`). */
export function nameAllowed({ running, places }: ConfigSources): readonly ConfigFinding[] {
  const cn = running[FLAG.peerCertAllowedCn] ?? '';
  const hostname = running[FLAG.peerCertAllowedHostname] ?? '';
  const allowed = [
    ...(cn === '' ? [] : [[FLAG.peerCertAllowedCn, cn, 'the common name'] as const]),
    ...(hostname === '' ? [] : [[FLAG.peerCertAllowedHostname, hostname, 'the name'] as const]),
  ];
  return allowed.map(([flag, value, what]) => ({
    code: 'NAME_ALLOWED',
    level: 'warn',
    says: `${flag} is ${value}${placeText(places[flag])}: this member takes only leaves with ${what} ${value}, also of the members that it dials`,
    remedy: `give every member a leaf with ${what} ${value} (pki.mode: provided), or take the setting out`,
  }));
}
