/** Turns a container, and the image that it was made from, into the definition of another one like it. */

import { err, ok } from '../../base/result.ts';
import type { Failure } from '../../model/failure.ts';
import type { Answer } from '../../ports.ts';
import { carriedOptions } from './carried.ts';
import { type Container, programIndex } from './container.ts';
import type { Definition } from './definition.ts';
import { type Engine, imageConfig } from './engine.ts';
import { textsOf } from './json.ts';
import { whoseIsIt } from './owners.ts';
import { podmanDefinition } from './podman-words.ts';

/** Whatever could not be carried over stands in its problems, by name. */
export async function definitionOf(engine: Engine, container: Container): Answer<Definition> {
  const [named, own] = await Promise.all([
    imageConfig(engine, container.imageName),
    imageConfig(engine, container.imageId),
  ]);
  if (!named.ok) return named;
  if (!own.ok) return own;
  if (own.value === undefined) return err(noImage(engine, container));
  const isSame = sameImage(named.value?.id ?? '', container.imageId);
  const image = isSame ? container.imageName : container.imageId;
  const made =
    engine.binary === 'podman'
      ? podmanDefinition(container, image)
      : dockerDefinition(container, image, own.value.config);
  const problems = [...commonProblems(container), ...made.problems];
  return ok({ ...made, problems });
}

/** With and without `sha256:` in front. */
function sameImage(a: string, b: string): boolean {
  return a !== '' && a.replace(/^sha256:/, '') === b.replace(/^sha256:/, '');
}

function commonProblems({
  argv,
  environment,
  hostConfig,
  labels,
  pod,
}: Container): readonly string[] {
  const broken = environment.filter((pair) => /[\n\r]/.test(pair));
  return [
    ...whoseIsIt({ labels, pod }),
    ...(programIndex(argv) < 0
      ? [`it runs ${argv[0] ?? 'nothing'}, not etcd: what that starts with which flags is its own`]
      : []),
    ...(hostConfig['AutoRemove'] === true
      ? [
          'it was started with --rm: it would be gone the moment it is stopped, and with it the way back',
        ]
      : []),
    ...broken.map(
      (pair) => `the variable ${nameOf(pair)} has a line break, which no edit can carry over`,
    ),
  ];
}

function nameOf(pair: string): string {
  return pair.slice(0, Math.max(0, pair.indexOf('=')));
}

function dockerDefinition(
  container: Container,
  image: string,
  imageOwn: Readonly<Record<string, unknown>>,
): Definition {
  const { name, argv, environment, imageId, config, mounts } = container;
  const { options, problems } = carriedOptions(container, imageOwn);
  const entrypoint = textsOf(config['Entrypoint']);
  const program = programIndex(argv);
  const isImages = JSON.stringify(entrypoint) === JSON.stringify(textsOf(imageOwn['Entrypoint']));
  // Flags within an entrypoint can be changed only where the whole command line is given anew.
  const isKept = isImages && entrypoint.length <= program + 1;
  const before = isKept ? entrypoint.length : 1;
  const own = isKept ? [] : [['--entrypoint', argv[0] ?? ''] as const];
  const imageEnvironment = new Set(textsOf(imageOwn['Env']));
  return {
    name,
    options: [...options, ...own],
    environment: environment.filter(
      (pair) => pair.startsWith('ETCD_') || !imageEnvironment.has(pair),
    ),
    image,
    imageId,
    words: argv.slice(before),
    wordsBefore: Math.max(0, program + 1 - before),
    mounts,
    keepsOwnWords: false,
    problems: problems.map((field) => `${field} cannot be carried over to another container`),
  };
}

function noImage({ host, binary }: Engine, { name, imageName, imageId }: Container): Failure {
  return {
    code: 'CONFIG_UNREADABLE',
    where: `container ${name} on ${host.label}`,
    would: 'make the next container from the same image',
    but: `the image ${imageName} (${imageId}) is not there any more`,
    so: 'no other container can be made from it; nothing was changed',
    remedy: `${binary} pull the very same image again, so that ${binary} image inspect ${imageId} finds it`,
  };
}
