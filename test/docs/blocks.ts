import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';

export const ROOT = path.join(__dirname, '../..');

/** An example in the documentation. */
export interface Block {
  /** The file, from the project's folder. */
  readonly file: string;
  /** Its first line in that file. */
  readonly line: number;
  /** The heading that it stands under; in a docstring, what that belongs to. */
  readonly heading: string;
  readonly language: 'js' | 'ts';
  /** Marked as `js fragment` or `ts fragment`; a docstring's example is one always. What is not is a whole program. */
  readonly isFragment: boolean;
  readonly text: string;
}

const FENCE = /^( *)```(\S+)(?: (.*))?$/;

/** The code blocks of a Markdown file. Other languages than JavaScript and TypeScript are left out. */
export function blocksOfMarkdown(file: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  let heading = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    const [, indent = '', language, marks] = FENCE.exec(line) ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, at);
    const text = lines.slice(at + 1, end).map((each) => each.slice(indent.length));
    if (language === 'js' || language === 'ts') {
      const isFragment = marks === 'fragment';
      blocks.push({ file, line: at + 2, heading, language, isFragment, text: text.join('\n') });
    }
    at = end;
  }
  return blocks;
}

/** The examples of a source file's docstrings. */
export function blocksOfDocstrings(file: string): Block[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const blocks: Block[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      // A tag of a variable is given for its declaration, too.
      if (tag.tagName.text !== 'example' || tag.parent.parent !== node) continue;
      const { line } = source.getLineAndCharacterOfPosition(tag.getStart());
      const example = ts.getTextOfJSDocComment(tag.comment) ?? '';
      const heading = node.getText().split('\n')[0] ?? '';
      blocks.push({ file, line: line + 2, heading, language: 'ts', isFragment: true, text: example });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return blocks;
}

export const MARKDOWN = [
  'README.md',
  'simulator/README.md',
  '.github/CONTRIBUTING.md',
  ...list('docs/*.md'),
  ...list('simulator/docs/*.md'),
];

/** All that is published as an API has its docstrings in these. */
export const SOURCES = list('src/**/*.ts').filter((file) => !file.startsWith('src/cli/'));

function list(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT }).sort();
}
