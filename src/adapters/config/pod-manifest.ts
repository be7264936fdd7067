/** Turns the manifest of a static pod into etcd's flags, and what else of it decides whether they can be changed. */

import {
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml';

import { lineStarts, positionAt } from '../../base/source.ts';
import { type ExecFlag, flagsOf, settingsOf } from '../../model/flag-words.ts';
import { FLAG, OWNED_FLAGS, type Settings, urlList } from '../../model/settings.ts';
import { urlParts } from '../../model/url.ts';

/** One word of `command` or `args`, where it stands. */
export interface PodWord {
  readonly text: string;
  readonly node: Scalar;
  /** The list that it is an item of, on one line each. */
  readonly list: YAMLSeq;
}

export interface Mount {
  readonly mountPath: string;
  /** Undefined: no folder of the host. */
  readonly hostPath: string | undefined;
}

export interface PodManifest {
  readonly spec: YAMLMap;
  readonly container: YAMLMap;
  /** Behind the program. */
  readonly words: readonly PodWord[];
  readonly flags: readonly ExecFlag[];
  readonly settings: Settings;
  readonly lines: Readonly<Record<string, number>>;
  readonly mounts: readonly Mount[];
  readonly problems: readonly string[];
}

/** Who a pod is to the kubelet: the name of its log folder begins with it. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
}

/** A manifest has some 100 lines. */
const LONGEST_TEXT = 262_144;
/** Probes whose failure makes the kubelet end the container. */
const DEADLY_PROBES = ['livenessProbe', 'startupProbe'] as const;

/** The reason when it is no manifest of an etcd pod at all. Never throws. */
export function parsePod(text: string): PodManifest | string {
  if (text.length > LONGEST_TEXT) return `it has more than ${String(LONGEST_TEXT)} characters`;
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) return `it is no YAML: ${error.message.split('\n')[0] ?? ''}`;
  const spec = mapAt(document.contents, 'spec');
  if (textAt(document.contents, 'kind') !== 'Pod' || spec === undefined) {
    return 'it is no manifest of a Pod';
  }
  const containers = mapsOf(listAt(spec, 'containers')).filter(runsEtcd);
  const [container] = containers;
  if (container === undefined) {
    return 'none of its containers has etcd itself as its command (a shell around it hides the flags)';
  }
  if (containers.length > 1) return 'several of its containers run etcd';
  return podOf({ text, spec, container });
}

/** Undefined for what is no etcd pod. */
export function podNameOf(text: string): PodName | undefined {
  const pod = parsePod(text);
  if (typeof pod === 'string') return undefined;
  const { contents }: Document = parseDocument(text, { logLevel: 'error' });
  const metadata = mapAt(contents, 'metadata');
  const name = textAt(metadata, 'name');
  const container = textAt(pod.container, 'name');
  if (name === undefined || container === undefined) return undefined;
  return { namespace: textAt(metadata, 'namespace') ?? 'default', name, container };
}

interface Found {
  readonly text: string;
  readonly spec: YAMLMap;
  readonly container: YAMLMap;
}

function podOf({ text, spec, container }: Found): PodManifest {
  const lists = ['command', 'args'].map((key) => listAt(container, key));
  const all = lists.flatMap((list) => (list === undefined ? [] : wordsOf(list)));
  const words = all.slice(1);
  const parsed = flagsOf(words.map((word) => word.text));
  const flags = parsed.ok ? parsed.value : [];
  const settings = settingsOf(flags);
  const starts = lineStarts(text);
  const lines = flags.map(({ flag, from }) => {
    const [at] = words[from]?.node.range ?? [0];
    return [flag, positionAt(starts, at).line] as const;
  });
  const problems = [
    ...(parsed.ok ? [] : [`its command cannot be read: ${parsed.error}`]),
    ...lists.flatMap((list) => (list?.flow === true ? [ON_ONE_LINE] : [])),
    ...hiddenSettings(container, settings),
    ...probeProblems(container, settings),
  ];
  const mounts = mountsOf(spec, container);
  return {
    ...{ spec, container, words, flags, settings, mounts, problems },
    lines: Object.fromEntries(lines),
  };
}

const ON_ONE_LINE = 'its command stands on one line ([...]): write each word on a line of its own';

function runsEtcd(container: YAMLMap): boolean {
  const words = ['command', 'args'].flatMap((key) => {
    const list = listAt(container, key);
    return list === undefined ? [] : wordsOf(list);
  });
  return /(^|\/)etcd$/.test(words[0]?.text ?? '');
}

function wordsOf(list: YAMLSeq): readonly PodWord[] {
  return list.items.flatMap((node) => (isScalar(node) ? [{ text: wordOf(node), node, list }] : []));
}

/** What decides beside the flags that stand there as they are. */
function hiddenSettings(container: YAMLMap, settings: Settings): readonly string[] {
  const variables = mapsOf(listAt(container, 'env')).flatMap((entry) => {
    const name = textAt(entry, 'name') ?? '';
    return name.startsWith('ETCD_') ? [name] : [];
  });
  const replaced = OWNED_FLAGS.filter((flag) => settings[flag]?.includes('$(') === true);
  return [
    ...variables.map((name) => `its env has ${name}: write that setting as a flag`),
    ...replaced.map((flag) => `--${flag} has a variable in it: write its value out`),
    ...(settings['config-file'] === undefined ? [] : ['etcd reads a config file there instead']),
    ...(container.has('envFrom') ? ['its envFrom may hold settings that nobody sees here'] : []),
  ];
}

/** A probe by http of a peer port is refused once that speaks TLS, and the kubelet then ends etcd again and again. */
function probeProblems(container: YAMLMap, settings: Settings): readonly string[] {
  const peers = urlList(settings[FLAG.listenPeerUrls] ?? '').map((url) => urlParts(url).port);
  return DEADLY_PROBES.flatMap((key) => {
    const get = mapAt(mapAt(container, key), 'httpGet');
    const port = Number(textAt(get, 'port'));
    if (get === undefined || !peers.includes(port)) return [];
    return [
      `its ${key} asks the peer port ${String(port)}, and would end the member once that port demands ` +
        'certificates: let it ask a port of --listen-metrics-urls',
    ];
  });
}

function mountsOf(spec: YAMLMap, container: YAMLMap): readonly Mount[] {
  const volumes = new Map(
    mapsOf(listAt(spec, 'volumes')).map((volume) => {
      return [textAt(volume, 'name'), textAt(mapAt(volume, 'hostPath'), 'path')] as const;
    }),
  );
  return mapsOf(listAt(container, 'volumeMounts')).flatMap((mount) => {
    const mountPath = textAt(mount, 'mountPath');
    if (mountPath === undefined) return [];
    const isPart = mount.has('subPath') || mount.has('subPathExpr');
    return [{ mountPath, hostPath: isPart ? undefined : volumes.get(textAt(mount, 'name')) }];
  });
}

/** A number or a boolean as it is written. */
function wordOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '');
}

function valueAt(map: unknown, key: string): Node | undefined {
  if (!isMap(map)) return undefined;
  return map.get(key, true);
}

function mapAt(map: unknown, key: string): YAMLMap | undefined {
  const value = valueAt(map, key);
  return isMap(value) ? value : undefined;
}

export function listAt(map: unknown, key: string): YAMLSeq | undefined {
  const value = valueAt(map, key);
  return isSeq(value) ? value : undefined;
}

function mapsOf(list: YAMLSeq | undefined): readonly YAMLMap[] {
  return (list?.items ?? []).filter((item): item is YAMLMap => isMap(item));
}

function textAt(map: unknown, key: string): string | undefined {
  const value = valueAt(map, key);
  return isScalar(value) && value.value !== null ? wordOf(value) : undefined;
}
