// A list whose cells fill the space that there is: the box is measured, and the cells' font size set.

import { type ComponentChildren, toChildArray } from "preact";
import { useContext, useLayoutEffect } from "preact/hooks";
import type { Grid, Size } from "./grid";
import { onPage, PagingContext, pagesOf } from "./paging";
import { useBox } from "./useBox";

interface Props {
  readonly label: string;
  readonly class: string;
  /** Choose the grid for the box, px. */
  readonly layout: (box: Size) => Grid & { readonly density?: string };
  readonly children: ComponentChildren;
}

export function Filled({ label, class: name, layout, children }: Props) {
  const [place, box] = useBox<HTMLElement>();
  const paging = useContext(PagingContext);
  const cells = toChildArray(children);
  const whole = box && layout(box);
  const pages = whole && paging ? pagesOf(whole, cells.length) : 1;
  useLayoutEffect(() => paging?.pages(pages), [paging, pages]);
  const [page, shown] = whole && paging ? onPage(whole, cells, paging.page.value) : [whole, cells];
  const grid = page && { ...page, density: whole?.density };
  return (
    // A region that scrolls must be reached by keyboard.
    <section class="filled" ref={place} aria-label={label} tabIndex={grid?.scrolls ? 0 : undefined}>
      {grid && (
        <ul
          class={name}
          data-density={grid.density}
          data-scrolls={grid.scrolls ? "" : undefined}
          style={{
            fontSize: `${grid.unit}px`,
            gridTemplateColumns: `repeat(${grid.columns}, minmax(0, 1fr))`,
            gridTemplateRows: grid.scrolls ? undefined : `repeat(${grid.rows}, minmax(0, 1fr))`,
          }}
        >
          {shown}
        </ul>
      )}
    </section>
  );
}
