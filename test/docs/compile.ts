import path from 'node:path';
import ts from 'typescript';
import { ROOT, type Block } from './blocks';

/** What a fragment may take for granted. */
const FRAGMENT_TYPES = path.join(__dirname, 'fragments.d.ts');

/** Whoever copies an example has not promised to be as strict as this project is. */
const LENIENT: ts.CompilerOptions = {
  allowJs: true,
  checkJs: true,
  exactOptionalPropertyTypes: false,
  noImplicitAny: false,
  noUncheckedIndexedAccess: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
};

/**
 * Compiles examples, all at once, against the sources in the place of the packages.
 *
 * @returns What is wrong with them: a line for each, with the place in the documentation.
 */
export function compile(blocks: readonly Block[]): string[] {
  return check(blocks, LENIENT, [FRAGMENT_TYPES]);
}

/** The same with all of this project's strictness, and nothing taken for granted. */
export function compileStrictly(blocks: readonly Block[]): string[] {
  return check(blocks, {}, []);
}

/** The same with the types of a browser, too: TypeScript has them unless `lib` is set. */
export function compileWithDom(blocks: readonly Block[]): string[] {
  return check(blocks, { lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'] }, []);
}

function check(blocks: readonly Block[], more: ts.CompilerOptions, types: readonly string[]): string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile.bind(ts.sys)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  // `paths` of the configuration are written as seen from its folder.
  Object.assign(options, more, { pathsBasePath: ROOT } satisfies ts.CompilerOptions);
  const files = new Map(blocks.map((block) => [path.join(__dirname, fileNameOf(block)), block]));
  const host = withFiles(ts.createCompilerHost(options), files);
  const program = ts.createProgram([...files.keys(), ...types], options, host);
  return [...files].flatMap(([name, block]) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map((problem) => describeProblem(block, problem));
  });
}

/** It is found by whoever uses `import`: then it is an ES module. */
export function extensionOf({ language, text }: Block): string {
  return `.${/^(import|export) /m.test(text) ? 'm' : 'c'}${language}`;
}

function fileNameOf(block: Block): string {
  return `${block.file.replaceAll('/', '-')}-${block.line}${extensionOf(block)}`;
}

/** On the first line, so that the lines stay as they are counted. */
function textOf({ isFragment, text }: Block): string {
  return isFragment ? `void (async () => { ${text}\n});` : text;
}

function withFiles(host: ts.CompilerHost, files: ReadonlyMap<string, Block>): ts.CompilerHost {
  return {
    ...host,
    fileExists: (name) => files.has(name) || host.fileExists(name),
    readFile: (name) => {
      const block = files.get(name);
      return block ? textOf(block) : host.readFile(name);
    },
    getSourceFile: (name, options, ...more) => {
      const block = files.get(name);
      return block
        ? ts.createSourceFile(name, textOf(block), options, true)
        : host.getSourceFile(name, options, ...more);
    },
  };
}

function describeProblem({ file, line }: Block, { file: source, start, messageText }: ts.Diagnostic): string {
  const at = source && start !== undefined ? source.getLineAndCharacterOfPosition(start).line : 0;
  return `${file}:${line + at}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
