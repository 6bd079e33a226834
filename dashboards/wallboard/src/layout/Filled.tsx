// A list whose cells fill the space that there is: the box is measured, and the cells' font size set.

import type { ComponentChildren } from "preact";
import type { Grid, Size } from "./grid";
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
  const grid = box && layout(box);
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
          {children}
        </ul>
      )}
    </section>
  );
}
