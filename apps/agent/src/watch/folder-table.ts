/** A watched folder. */
export interface FolderNode<Key> {
  readonly root: string;
  name: string;
  parent: FolderNode<Key> | null;
  key: Key;
  readonly children: Map<string, FolderNode<Key>>;
}

/** Which folder a mark stands for. A folder that is found under another name moves with all that is below it. */
export class FolderTable<Key> {
  readonly #byKey = new Map<Key, FolderNode<Key>>();
  readonly #roots = new Map<string, FolderNode<Key>>();
  readonly #counts = new Map<string, number>();

  get(key: Key): FolderNode<Key> | undefined {
    return this.#byKey.get(key);
  }

  root(root: string): FolderNode<Key> | undefined {
    return this.#roots.get(root);
  }

  count(root: string): number {
    return this.#counts.get(root) ?? 0;
  }

  pathOf(node: FolderNode<Key>): string {
    const names: string[] = [];
    let top = node;
    for (; top.parent; top = top.parent) names.push(top.name);
    return names.length === 0 ? top.root : `${top.root === "/" ? "" : top.root}/${names.reverse().join("/")}`;
  }

  addRoot(root: string, key: Key): FolderNode<Key> {
    const node: FolderNode<Key> = { root, name: "", parent: null, key, children: new Map() };
    this.#roots.set(root, node);
    this.#set(node);
    return node;
  }

  add(parent: FolderNode<Key>, name: string, key: Key): FolderNode<Key> {
    const there = parent.children.get(name);
    if (there?.key === key) return there;
    // Another folder has this name now.
    if (there) this.drop(there);
    const known = this.#byKey.get(key);
    if (known && known.root === parent.root && known.parent && !isBelow(parent, known)) {
      known.parent.children.delete(known.name);
      known.name = name;
      known.parent = parent;
      parent.children.set(name, known);
      return known;
    }
    const node: FolderNode<Key> = { root: parent.root, name, parent, key, children: new Map() };
    parent.children.set(name, node);
    this.#set(node);
    return node;
  }

  /** Forgets a folder and all below it. @returns their keys */
  drop(node: FolderNode<Key>): Key[] {
    node.parent?.children.delete(node.name);
    if (!node.parent) this.#roots.delete(node.root);
    const keys: Key[] = [];
    const waiting = [node];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      waiting.push(...next.children.values());
      if (this.#byKey.get(next.key) !== next) continue;
      this.#byKey.delete(next.key);
      this.#counts.set(next.root, this.count(next.root) - 1);
      keys.push(next.key);
    }
    return keys;
  }

  #set(node: FolderNode<Key>): void {
    const before = this.#byKey.get(node.key);
    if (before) this.#counts.set(before.root, this.count(before.root) - 1);
    this.#byKey.set(node.key, node);
    this.#counts.set(node.root, this.count(node.root) + 1);
  }
}

function isBelow<Key>(node: FolderNode<Key>, top: FolderNode<Key>): boolean {
  for (let at: FolderNode<Key> | null = node; at; at = at.parent) if (at === top) return true;
  return false;
}
