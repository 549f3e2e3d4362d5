import type { Kernel } from '../../../kernel/kernel.js';
import { joinPath, separator } from '../../../schema/object-path.js';
import type { Leaf } from '../../objects/leaves.js';
import { notColumnar } from '../../parse-hint.js';

/** A path at which rows have values. */
export interface MetPath {
  path: string;
  kinds: Leaf['kind'][];
  /** Rank of the path by its first value, from 1; 0 if it has only nulls. */
  order: number;
  /** The same by its first null. */
  nullOrder: number;
}

/**
 * How a cell is written: the text of a string; JSON of any scalar or list; JSON of anything, also
 * of an object, which would otherwise be flattened; the same as a list, of one value if it is none.
 */
export type PathForm = 'text' | 'json' | 'whole' | 'list';

const formNumbers: Record<PathForm, number> = { text: 0, json: 1, whole: 2, list: 3 };

/** By their bits in the kernel. */
const kindsOfBits: Leaf['kind'][] = ['text', 'number', 'bool', 'json', 'none'];

/** More than any table has columns. The kernel searches names one after the other. */
const maxPaths = 5000;

/** The paths of the rows of a list, in the kernel's memory. */
export class PathTree {
  readonly root: number;
  private readonly addresses = new Map<string, number>();

  constructor(private readonly kernel: Kernel) {
    this.root = kernel.calls.newPath(0, 0, 0);
  }

  /**
   * Sends the values at a path, spelled as in leaves, to the column `index` of each row; -1 for
   * none.
   */
  set(path: string, index: number, form: PathForm): void {
    this.kernel.calls.setPath(this.addressOf(path === '.' ? '' : path), index, formNumbers[form]);
  }

  /**
   * All paths, including those of objects.
   * Errors: ReadAgain<ParseHint> if there are too many.
   */
  met(): MetPath[] {
    const { calls } = this.kernel;
    const paths: MetPath[] = [];
    const visit = (at: number, path: string) => {
      const bits = calls.pathKinds(at);
      const kinds = kindsOfBits.filter((_, bit) => bits & (1 << bit));
      this.addresses.set(path, at);
      paths.push({
        path: path || '.',
        kinds,
        order: calls.pathOrder(at),
        nullOrder: calls.pathNullOrder(at),
      });
      if (paths.length > maxPaths) throw notColumnar(`its rows have more than ${maxPaths} members`);
      for (let child = calls.pathFirstChild(at); child !== 0; child = calls.pathNext(child)) {
        const name = calls.pathName(child);
        visit(child, joinPath(path, this.kernel.text(name, name + calls.pathNameLength(child))));
      }
    };
    visit(this.root, '');
    return paths.sort((a, b) => a.order - b.order);
  }

  private addressOf(path: string): number {
    if (path === '') return this.root;
    const known = this.addresses.get(path);
    if (known !== undefined) return known;
    const end = path.lastIndexOf(separator);
    const parent = this.addressOf(path.slice(0, Math.max(end, 0)));
    const name = Buffer.from(path.slice(end + 1));
    const block = this.kernel.copyIn(name);
    const at = this.kernel.calls.newPath(parent, block, name.length);
    this.kernel.calls.release(block);
    this.addresses.set(path, at);
    return at;
  }
}
