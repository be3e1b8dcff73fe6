interface Turn {
  readonly running: Promise<void>;
  next: Promise<void> | null;
}

const turns = new Map<string, Turn>();

/**
 * Waits for the disk together with whoever waits for the same thing: a sync that has begun covers nothing that was done since, but
 * one that waits for its turn does, however many ask for it meanwhile.
 * @param key what is made durable, e.g. device and inode of a folder
 */
export function syncTogether(key: string, sync: () => Promise<void>): Promise<void> {
  const turn = turns.get(key);
  if (!turn) return begin(key, sync);
  turn.next ??= turn.running.then(
    () => begin(key, sync),
    () => begin(key, sync),
  );
  return turn.next;
}

function begin(key: string, sync: () => Promise<void>): Promise<void> {
  const running = sync();
  const turn: Turn = { running, next: null };
  turns.set(key, turn);
  const end = () => {
    if (!turn.next) turns.delete(key);
  };
  running.then(end, end);
  return running;
}
