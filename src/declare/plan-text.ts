/** Turns a survey of a live cluster into the text of a plan file, with a word on everything that was guessed. */

import type { ServiceSpec } from '../model/desired.ts';
import { PLACEHOLDER } from '../model/placeholder.ts';
import type { Survey, SurveyWay, SurveyedMember } from '../model/survey.ts';
import { withScheme } from '../model/url.ts';
import { DEFAULTS } from './defaults.ts';

/** One advice a line, for the comment above `strategy`. */
export type Advice = readonly string[];

/** The whole plan file; the same survey gives the same text. */
export function surveyedPlanText(survey: Survey, advice: Advice): string {
  const shared = sharedBlocks(survey.members);
  const lines = [
    ...headLines(survey),
    ...clusterLines(survey),
    ...PKI_LINES,
    ...defaultsLines(survey.way, shared),
    ...membersLines(survey, shared),
  ];
  const [version, ...rest] = lines;
  return `${[version, ...rest.flatMap((line) => (line === STRATEGY ? strategyLines(advice) : [line]))].join('\n')}\n`;
}

const STRATEGY = '<strategy>';
const COLUMNS = 90;

const PKI_LINES: readonly string[] = [
  '# A CA and one certificate for each member are made here, beside this file. With certificates of your',
  '# own: mode: provided (files here) or in-place (files on the hosts), and certificate: { cert, key }.',
  'pki:',
  '  mode: issue',
  '  directory: ./pki',
  '',
];

function headLines(survey: Survey): readonly string[] {
  const { members, clusterId, planName } = survey;
  const versions = [...new Set(members.flatMap(({ version }) => version ?? []))].sort();
  const leader = members.find(({ isLeader }) => isLeader)?.name;
  return [
    `# A plan for the etcd cluster ${clusterId}: ${String(members.length)} members, etcd ${versions.join(' and ') || 'of unknown version'}${leader === undefined ? '' : `, ${leader} led`}.`,
    '# Written by `peershift init`, which changed nothing. Lines with "guessed" say why; see whether they are true.',
    `# ${PLACEHOLDER} stands where nothing was found: \`peershift check\` names each such place.`,
    '#',
    '#   peershift check FILE      can this plan run? every reason why not',
    '#   peershift preview FILE    the ordered steps and the proof; changes nothing',
    '#   peershift run FILE        preview, ask, execute',
    'version: 1',
    ...withWhy(`name: ${scalar(planName.value)}`, planName.why),
    '',
    STRATEGY,
    '',
  ];
}

function strategyLines(advice: Advice): readonly string[] {
  return [
    '# The order of the change: documented, dual-url, dual-listener, trust-first, fewest-restarts.',
    ...advice.map((line) => `# ${plain(line)}`),
    `strategy: ${DEFAULTS.strategy}`,
  ];
}

function clusterLines({ endpoints, client }: Survey): readonly string[] {
  const { tls, login, via } = client;
  const files =
    tls === undefined
      ? []
      : Object.entries(tls).flatMap(([key, path]) =>
          path === undefined ? [] : [`${key}: ${scalar(path)}`],
        );
  return [
    'cluster:',
    '  endpoints:',
    ...endpoints
      .flatMap(({ value, why }) => withWhy(`- ${scalar(value)}`, why))
      .map((line) => `    ${line}`),
    ...(via === 'direct' ? [] : [`  via: ${via}`]),
    ...(files.length === 0 ? [] : [`  tls: { ${files.join(', ')} }`]),
    ...(login === undefined
      ? []
      : [
          `  auth: { username: ${scalar(login.username)}, password: { env: ${scalar(login.passwordEnv)} } }`,
        ]),
    '',
  ];
}

/** Blocks that are the same for every member, as lines; the comment is part of the line. */
interface Shared {
  readonly service: readonly string[] | undefined;
  readonly config: readonly string[] | undefined;
  readonly tls: readonly string[] | undefined;
}

function sharedBlocks(members: readonly SurveyedMember[]): Shared {
  const common = (
    lines: (member: SurveyedMember) => readonly string[],
  ): readonly string[] | undefined => {
    const [first, ...rest] = members.map(lines);
    if (first === undefined || rest.length === 0) return undefined;
    return rest.every((each) => each.join('\n') === first.join('\n')) ? first : undefined;
  };
  return { service: common(serviceLines), config: common(configLines), tls: common(tlsLines) };
}

function defaultsLines(way: SurveyWay, shared: Shared): readonly string[] {
  const blocks = [
    ...hostDefaults(way),
    ...(shared.service ?? []),
    ...(shared.config ?? []),
    ...(shared.tls ?? []),
  ];
  return [
    '# What holds for every member unless its own entry says otherwise.',
    'defaults:',
    ...blocks.map((line) => `  ${line}`),
    '',
  ];
}

function hostDefaults(way: SurveyWay): readonly string[] {
  if (way.kind === 'local') return ['host: { transport: local }'];
  const parts = [
    'transport: ssh',
    ...(way.user === undefined ? [] : [`user: ${scalar(way.user)}`]),
    ...(way.port === undefined ? [] : [`port: ${String(way.port)}`]),
  ];
  return [`host: { ${parts.join(', ')} }`];
}

function membersLines({ members, way }: Survey, shared: Shared): readonly string[] {
  return ['members:', ...members.flatMap((member) => memberLines(member, way, shared))];
}

function memberLines(member: SurveyedMember, way: SurveyWay, shared: Shared): readonly string[] {
  const own = [
    ...(way.kind === 'ssh'
      ? withWhy(`host: { address: ${scalar(member.address.value)} }`, member.address.why)
      : []),
    ...(shared.service === undefined ? serviceLines(member) : []),
    ...(shared.config === undefined ? configLines(member) : []),
    ...(shared.tls === undefined ? tlsLines(member) : []),
  ];
  const [listed] = member.peerUrls;
  const future =
    listed === undefined
      ? []
      : [
          `# listed at ${member.peerUrls.join(' and ')}; to be ${withScheme(listed, 'https')} (dual-listener: port + 2)`,
        ];
  return [
    `  - name: ${scalar(member.name)}`,
    ...[...member.notes.map((note) => `# ${plain(note)}`), ...future, ...own].map(
      (line) => `    ${line}`,
    ),
  ];
}

function serviceLines({ service: { value, why } }: SurveyedMember): readonly string[] {
  if (value.manager !== 'command') return withWhy(`service: { ${flowService(value)} }`, why);
  const argv = (words: readonly string[]): string => `[${words.map(scalar).join(', ')}]`;
  return [
    ...(why === undefined ? [] : [`# guessed: ${plain(why)}`]),
    'service:',
    '  manager: command',
    `  start: ${argv(value.start)}`,
    `  stop: ${argv(value.stop)}`,
    `  status: ${argv(value.status)}`,
    ...(value.logFile === undefined ? [] : [`  logs: { file: ${scalar(value.logFile)} }`]),
  ];
}

function flowService(service: Exclude<ServiceSpec, { manager: 'command' }>): string {
  switch (service.manager) {
    case 'systemd':
      return `manager: systemd, unit: ${scalar(service.unit)}`;
    case 'docker':
      return `manager: docker, container: ${scalar(service.container)}, binary: ${service.binary}`;
    case 'static-pod':
      return `manager: static-pod, path: ${scalar(service.path)}`;
  }
}

function configLines({ service, config: { value, why } }: SurveyedMember): readonly string[] {
  // A container holds its settings itself.
  if (service.value.manager === 'docker') return [];
  return withWhy(`config: { format: ${value.format}, path: ${scalar(value.path)} }`, why);
}

function tlsLines({ tlsDirectory: { value, why } }: SurveyedMember): readonly string[] {
  return withWhy(`tls: { directory: ${scalar(value)} }`, why);
}

/** The reason stands behind the value, or above it where the line would be long. */
function withWhy(line: string, why: string | undefined): readonly string[] {
  if (why === undefined) return [line];
  const comment = `# guessed: ${plain(why)}`;
  const isShort = line.length + comment.length < COLUMNS;
  return isShort ? [`${line} ${comment}`] : [comment, line];
}

/** A comment ends with its line. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
    .trim();
}

/** Plain where it can only be read as that text, in a flow mapping too; else double-quoted as JSON is. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z/.][\w./@+-]*$/.test(text) || /^https?:\/\/[\w.:-]+$/.test(text);
  const isWord = /^(?:true|false|null|yes|no|on|off|\.inf|\.nan|\.)$/i.test(text);
  return isPlain && !isWord ? text : JSON.stringify(text);
}
