/** First in, first out. Taking from a long array's front would move the rest each time: the client's own stall. */
export interface Queue<Item> {
  readonly add: (item: Item) => void;
  readonly take: () => Item | undefined;
  readonly size: () => number;
  readonly clear: () => void;
}

export function createQueue<Item>(): Queue<Item> {
  let items: Item[] = [];
  let head = 0;
  const clear = () => {
    items = [];
    head = 0;
  };
  return {
    add: (item) => items.push(item),
    take: () => {
      if (head >= items.length) return undefined;
      const item = items[head];
      head += 1;
      if (head >= items.length) clear();
      return item;
    },
    size: () => items.length - head,
    clear,
  };
}
