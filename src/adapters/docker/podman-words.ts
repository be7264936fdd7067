/** Turns the command line that podman keeps of a container's making into its definition. */

import { type Container, programIndex } from './container.ts';
import type { Definition, Option } from './definition.ts';

/** Options of the one call that made it, and of no other. */
const DROPPED = /^(?:--name|--cidfile|--conmon-pidfile|--pidfile)(?:=|$)/;
const DROPPED_ALONE = /^--(?:detach|replace)(?:=.*)?$/;
/** One-letter options without values that may stand together, as `-dit`. */
const LETTERS = /^-[ditPq]+$/;

/** Refused where podman has no such record: a container that was made through its API. */
export function podmanDefinition(container: Container, image: string): Definition {
  const { name, argv, environment, imageId, imageName, createCommand, config, mounts } = container;
  const cmd = Array.isArray(config['Cmd']) ? (config['Cmd'] as readonly unknown[]).map(String) : [];
  const verb = createCommand.findIndex((word) => word === 'run' || word === 'create');
  const given = verb < 0 ? [] : createCommand.slice(verb + 1);
  const ends = cmd.length > 0 && given.slice(-cmd.length).join('\0') === cmd.join('\0');
  const imageAt = given.length - 1 - (ends ? cmd.length : 0);
  const isImage = imageAt >= 0 && namesImage(given[imageAt] ?? '', imageName, imageId);
  const pairs = optionPairs(isImage ? given.slice(0, imageAt) : []);
  const before = argv.length - cmd.length;
  const program = programIndex(argv);
  const hidden = program >= 0 && before > program + 1;
  return {
    name,
    options: pairs.filter((pair) => variableOf(pair) === undefined),
    environment: pairs.flatMap((pair) => {
      const given = variableOf(pair);
      if (given === undefined) return [];
      // Taken out of the environment of whoever made it; the container has its value.
      return given.includes('=')
        ? [given]
        : environment.filter((each) => each.startsWith(`${given}=`));
    }),
    image,
    imageId,
    words: cmd,
    wordsBefore: Math.max(0, program + 1 - before),
    mounts,
    keepsOwnWords: true,
    problems: [
      ...(isImage
        ? []
        : ['podman has no command line of its making (it was made through the API)']),
      ...(hidden ? ["etcd's flags stand in its --entrypoint, where they cannot be edited"] : []),
    ],
  };
}

/** `etcd:3.4` is `localhost/etcd:3.4`; an ID may be cut short. */
function namesImage(word: string, imageName: string, imageId: string): boolean {
  const bare = word.replace(/^[a-z-]+:\/\//, '');
  if (bare === imageName || imageName.endsWith(`/${bare}`)) return true;
  if (imageName === `${bare}:latest` || imageName.endsWith(`/${bare}:latest`)) return true;
  const id = bare.replace(/^sha256:/, '');
  return id.length >= 12 && imageId.replace(/^sha256:/, '').startsWith(id);
}

/** In the order given; what only that one call needed is left out. */
function optionPairs(words: readonly string[]): readonly Option[] {
  const options: Option[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const next = words[at + 1];
    const takesNext = next !== undefined && !next.startsWith('-') && !word.includes('=');
    if (takesNext) at += 1;
    if (DROPPED.test(word) || DROPPED_ALONE.test(word)) continue;
    const plain = LETTERS.test(word) ? word.replace('d', '') : word;
    if (plain === '-') continue;
    options.push(takesNext ? [plain, next] : [plain]);
  }
  return options;
}

/** `NAME=value` or `NAME` of `-e`, `--env` and their one-word forms. */
function variableOf([flag, value]: Option): string | undefined {
  if (flag === '-e' || flag === '--env') return value;
  if (flag.startsWith('--env=')) return flag.slice('--env='.length);
  return /^-e[^-]/.test(flag) ? flag.slice(2).replace(/^=/, '') : undefined;
}
