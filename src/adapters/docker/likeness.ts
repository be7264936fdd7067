/** Turns two containers into what differs between them beside the settings of etcd that a run may write. */

import { flagsOf } from '../../model/flag-words.ts';
import { OWNED_FLAGS, environmentName } from '../../model/settings.ts';
import { type Container, type Mount, programIndex } from './container.ts';
import { type Fields, isEmpty, sameJson } from './json.ts';

/** What the engine fills in for each container, or what is compared by its effect: mounts, argv, environment. */
const OWN_HOST: readonly string[] = [
  ...['Binds', 'ContainerIDFile', 'ConsoleSize', 'LogConfig', 'Mounts'],
];
const OWN_CONFIG: readonly string[] = [
  ...['Env', 'Cmd', 'Entrypoint', 'Image', 'Volumes', 'Hostname', 'CreateCommand', 'Annotations'],
  ...['AttachStdin', 'AttachStdout', 'AttachStderr', 'StdinOnce'],
];

/** By the engine's own names; empty when the second may take the place of the first. */
export function differences(before: Container, after: Container): readonly string[] {
  return [
    ...fieldsApart('HostConfig', before.hostConfig, after.hostConfig, OWN_HOST),
    ...fieldsApart('Config', before.config, after.config, OWN_CONFIG),
    ...apart('image', bare(before.imageId), bare(after.imageId)),
    ...apart('mounts', before.mounts.map(mountText), mountsBefore(before, after)),
    ...apart('environment', variables(before), variables(after)),
    ...apart('command line', argvWithout(before), argvWithout(after)),
    ...apart('Config.Hostname', hostName(before), hostName(after)),
    ...apart('HostConfig.LogConfig', logging(before), logging(after)),
    ...apart('networks', Object.keys(before.networks), Object.keys(after.networks)),
  ];
}

function apart(what: string, a: unknown, b: unknown): readonly string[] {
  return sameJson(sortedList(a), sortedList(b)) ? [] : [what];
}

function sortedList(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as readonly unknown[])].map(String).sort() : value;
}

function fieldsApart(
  part: string,
  before: Fields,
  after: Fields,
  except: readonly string[],
): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [a, b] = [before[name], after[name]];
    const isSame = (isEmpty(a) && isEmpty(b)) || sameJson(sortedList(a), sortedList(b));
    return isSame || except.includes(name) ? [] : [`${part}.${name}`];
  });
}

/** The mounts of the second without those that only it has: a folder more is what an edit may add. */
function mountsBefore(before: Container, after: Container): readonly string[] {
  const places = new Set(before.mounts.map(({ destination }) => destination));
  return after.mounts.filter(({ destination }) => places.has(destination)).map(mountText);
}

function mountText(mount: Mount): string {
  const { type, name, source, destination, isWritable, propagation } = mount;
  return [type, name, source, destination, String(isWritable), propagation].join(' ');
}

function isOwnedVariable(pair: string): boolean {
  return OWNED_FLAGS.some((flag) => pair.startsWith(`${environmentName(flag)}=`));
}

/** podman puts the host's name in, which is compared for itself. */
function variables({ environment }: Container): readonly string[] {
  return environment.filter((pair) => !isOwnedVariable(pair) && !pair.startsWith('HOSTNAME='));
}

function argvWithout({ argv }: Container): readonly string[] {
  const program = programIndex(argv);
  const words = argv.slice(program + 1);
  const flags = flagsOf(words);
  if (program < 0 || !flags.ok) return argv;
  const rest = flags.value.filter(({ flag }) => !OWNED_FLAGS.includes(flag));
  const kept = rest.map(({ from, to }) => words.slice(from, to).join(' '));
  return [...argv.slice(0, program + 1), ...kept];
}

/** A container that was given no name is called by its ID. */
function hostName({ id, config }: Container): unknown {
  return config['Hostname'] === id.slice(0, 12) ? '' : config['Hostname'];
}

/** podman's has a path with the container's own ID in it. */
function logging({ hostConfig, id }: Container): string {
  return JSON.stringify(hostConfig['LogConfig'] ?? null).replaceAll(id, '');
}

function bare(imageId: string): string {
  return imageId.replace(/^sha256:/, '');
}
